"""Measures everything and writes docs/benchmarks.md: python3 bench.py SKIPD [--quick] [--only SECTION]"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import measurements
import report
from processes import benchmarks, peers_python

root = benchmarks.parent
sections = ("updates", "streams", "receiving", "end_to_end", "latency", "cores", "idle")


def uptime():
    return report.output("uptime").strip()


def peer_versions():
    listed = subprocess.run([peers_python, "-m", "pip", "list", "--format=freeze"], check=True, stdout=subprocess.PIPE, text=True).stdout
    versions = dict(line.split("==") for line in listed.splitlines() if "==" in line)
    return {name: versions[name] for name in ("numpy", "onnxruntime", "pyzmq", "torch") if name in versions}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("skipd", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=sections, help="print one section, write nothing")
    options = parser.parse_args()
    targets, quick, images, texts = report.Targets(), options.quick, {}, {}
    uptimes = [uptime()]
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        for section in [options.only] if options.only else sections:
            print(f"measuring: {section}", file=sys.stderr, flush=True)
            if section == "updates":
                texts[section], images["update"] = report.update_section(measurements.updates(quick), targets)
                texts["links"] = report.links_section(measurements.links(quick))
                texts["countdown"] = report.countdown_section(measurements.countdown(quick))
            elif section == "streams":
                texts[section] = report.stream_section(*measurements.streams(quick), targets)
            elif section == "receiving":
                texts[section] = report.receive_section(measurements.receiving(options.skipd, directory, quick), targets)
            elif section == "end_to_end":
                texts[section], images["end-to-end"] = report.end_to_end_section(measurements.end_to_end(options.skipd, directory, quick), targets)
            elif section == "latency":
                texts[section] = report.latency_section(measurements.latency(options.skipd, directory, quick), targets)
            elif section == "cores":
                texts[section] = report.cores_section(measurements.cores(options.skipd, directory, quick))
            elif section == "idle":
                texts[section] = report.idle_section(*measurements.idle(options.skipd, directory, quick), targets)
    uptimes.append(uptime())
    summary = "\n".join(["| what | target | measured | |", "|---|---|---|---|"] + targets.rows)
    if options.only:
        print("\n\n".join([summary, *texts.values()]))
        return
    page = (benchmarks / "run" / "page.md").read_text().format(
        summary=summary, machine=report.machine(root, peer_versions(), quick, uptimes),
        findings=(benchmarks / "findings.md").read_text().strip(), **texts)
    (root / "docs" / "images").mkdir(exist_ok=True)
    for name, image in images.items():
        (root / "docs" / "images" / f"benchmark-{name}.svg").write_text(image)
    (root / "docs" / "benchmarks.md").write_text(page)
    print(summary)


main()
