"""Writes docs/benchmarks.md from what was measured."""

import platform
import re
import subprocess

import plot
from measurements import PERIODS, RATES

names = plot.names


def output(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.strip()
    except FileNotFoundError:
        return "not found"


def machine(root, versions, quick, uptimes):
    processor = output("lscpu")
    def of(key):
        found = re.search(rf"^{re.escape(key)}:\s+(.*)$", processor, re.MULTILINE)
        return found.group(1) if found else "?"
    debian = lambda package: output("dpkg-query", "-W", "-f=${Version}", package)
    commit = output("git", "-C", str(root), "describe", "--always", "--dirty")
    return f"""| | |
|---|---|
| processor | {of("Model name")} (family {of("CPU family")}, model {of("Model")}), {of("CPU(s)")} cores, {of("L1d cache")} L1d, {of("L2 cache")} L2, {of("L3 cache")} L3; {of("Hypervisor vendor")} guest |
| system | {platform.freedesktop_os_release().get("PRETTY_NAME", "?")}, Linux {platform.release()} |
| skipd | {commit}, {output("swift", "--version").splitlines()[0]} |
| libzmq, OpenBLAS | {debian("libzmq5")}, {debian("libopenblas0-pthread")} |
| Python | {platform.python_version()}; {", ".join(f"{name} {version}" for name, version in sorted(versions.items()))} |
| load before and after | {uptimes[0]}; {uptimes[1]} |
| form | {"quick: single short rounds, good for the order of magnitude only" if quick else "full"} |
"""


class Targets:
    """The rows of the summary: target beside measured."""

    def __init__(self):
        self.rows = []

    def add(self, what, target, measured, met):
        self.rows.append(f"| {what} | {target} | {measured} | {'met' if met else '**missed**'} |")

    def at_least(self, what, value, bound, form="{:.2f}"):
        self.add(what, "≥ " + form.format(bound), form.format(value), value >= bound)

    def at_most(self, what, value, bound, form="{:.2f}"):
        self.add(what, "≤ " + form.format(bound), form.format(value), value <= bound)


def update_section(best, targets):
    one = {hidden: best["update", hidden, 1, kernel(best)] for hidden in (48, 110, 128)}
    for hidden, record in one.items():
        targets.at_least(f"one update, H = {hidden}: share of the read bandwidth", record["of_bandwidth"] * 100, 80, "{:.0f} %")
    blas = {hidden: best["openblas", hidden, None, None]["ns"] for hidden in one}
    peers = {(engine, hidden, batch): best["peer", hidden, batch, engine]["ns"] for engine in ("onnxruntime", "torch") for hidden in one for batch in (1, 64)}
    for hidden, bound in ((48, 2.5), (110, 1.6)):
        targets.at_least(f"one update, H = {hidden}: × OpenBLAS sgemv", blas[hidden] / one[hidden]["ns"], bound)
    for hidden, bound in ((48, 10), (110, 5)):
        targets.at_least(f"one update, H = {hidden}: × ONNX Runtime", peers["onnxruntime", hidden, 1] / one[hidden]["ns"], bound, "{:.1f}")
    together = best["update", 110, 8, kernel(best)]
    targets.at_least("updates together, H = 110: share of the FMA peak", together["of_peak"] * 100, 62, "{:.0f} %")
    for engine in ("onnxruntime", "torch"):
        targets.at_least(f"64 updates, H = 110: × {names[engine]}", peers[engine, 110, 64] / best["update", 110, 64, kernel(best)]["ns"], 2)
    text = ["| ns a stream's update | H = 48 | H = 110 | H = 128 |", "|---|---|---|---|"]
    for batch in (1, 2, 4, 8, 64):
        text.append(f"| skipd, {batch} stream{'s' if batch > 1 else ''} | " + " | ".join(f"{best['update', hidden, batch, kernel(best)]['ns']:,.0f}" for hidden in one) + " |")
    text.append("| OpenBLAS sgemv | " + " | ".join(f"{blas[hidden]:,.0f}" for hidden in one) + " |")
    for engine in ("onnxruntime", "torch"):
        for batch in (1, 64):
            text.append(f"| {names[engine]}, batch {batch} | " + " | ".join(f"{peers[engine, hidden, batch]:,.0f}" for hidden in one) + " |")
    for (what, hidden, _, variant), record in best.items():
        if what == "variant" and hidden == 48:
            others = [best["variant", h, None, variant] for h in one]
            text.append(f"| kernels of {variant}, 1 stream · 8 | " + " | ".join(f"{r['ns']:,.0f} · {r['ns_of_8']:,.0f}" for r in others) + " |")
    text.append("| read bandwidth of so many bytes, GB/s | " + " | ".join(f"{record['bandwidth']:.0f}" for record in one.values()) + " |")
    text.append(f"\nFMA peak of one core: {one[48]['peak']:.0f} GFLOP/s. Kernels chosen: {kernel(best)}; OpenBLAS chose {best['openblas', 48, None, None]['version'].split()[-2]}.")
    groups = []
    for hidden in one:
        groups.append((f"H = {hidden}", [("skipd", one[hidden]["ns"]), ("openblas", blas[hidden])] + [(engine, peers[engine, hidden, 1]) for engine in ("onnxruntime", "torch")]))
    return "\n".join(text), plot.bars("One GRU update of one stream, F = 6", "nanoseconds", groups)


def kernel(best):
    return next(key[3] for key in best if key[0] == "update")


def stream_section(skipped, growth, targets):
    targets.at_most("skipped timestep of 1,000,000 streams by chance: × a memory access", skipped["ratio"], 1.5)
    targets.at_most("memory of an idle stream without its state, bytes", growth["without_state"], 160, "{:.0f}")
    targets.at_most("1,000,000 streams of H = 48 in memory, MB", growth["resident"] / 1e6, 400, "{:.0f}")
    targets.at_most("longest pause while they come, ms (a block of 64 new streams)", growth["longest_block_ms"], 5)
    return (
        f"A skipped timestep of one of 1,000,000 streams, by chance: {skipped['ns']:.0f} ns (blocks of 64, past the receive). One dependent random access to 512 MiB: "
        f"{skipped['access']:.0f} ns.\n\nA million streams of H = 48 came in blocks of 64: {growth['resident'] / 1e6:.0f} MB in memory, {growth['bytes_per_stream']:.0f} bytes a stream with its state of "
        f"192, longest block {growth['longest_block_ms']:.2f} ms of wall clock, {growth['longest_block_cpu_ms']:.2f} ms of CPU.")


def countdown_section(records):
    text = ["| Δũ | timesteps to the next update | ns to find them |", "|---|---|---|"]
    return "\n".join(text + [f"| {record['increment']} | {record['timesteps']:,} | {record['ns']:.0f} |" for record in records])


def links_section(records):
    text = ["| one update, H = 48 | cycles | ns |", "|---|---|---|"]
    return "\n".join(text + [f"| {record['name']} | {record['cycles']:.0f} | {record['ns']:.0f} |" for record in records])


def receive_section(best, targets):
    drop, ours = best["drop", 0], best["skipd", 0]
    targets.at_least("receive path, all skipped: × the C loop's messages/s", ours["messages_per_s"] / drop["messages_per_s"], 0.9)
    targets.at_most("receive path, all skipped: × the C loop's CPU a message", ours["cpu_ns"] / drop["cpu_ns"], 1.15)
    text = ["| | messages/s | C loop, receives and drops: ns of CPU a message | skipd, all skipped: ns of CPU a message | |", "|---|---|---|---|---|"]
    for rate in RATES:
        loop, skipped = best["drop", rate], best["skipd", rate]
        which = f"as many as are taken: {loop['messages_per_s']:,.0f} · {skipped['messages_per_s']:,.0f}" if rate == 0 else f"{rate:,}"
        text.append(f"| {which} | {loop['cpu_ns']:,.0f} | {skipped['cpu_ns']:,.0f} | × {skipped['cpu_ns'] / loop['cpu_ns']:.2f} |")
    curve = best["curve", 0]
    return "\n".join(text) + (
        f"\n\nEncrypted with CURVE, the C loop takes {curve['messages_per_s']:,.0f} messages/s at {curve['cpu_ns']:,.0f} ns of CPU a message, {curve['cpu_ns'] - drop['cpu_ns']:,.0f} ns more than without, "
        "all of them spent by libzmq's own thread: skipd's would be the same.")


def end_to_end_section(best, targets):
    every = max(best[engine, 1]["messages_per_s"] for engine in ("onnxruntime", "torch"))
    targets.at_least("end to end, 100 %: × the script", best["skipd", 1]["messages_per_s"] / every, 15, "{:.1f}")
    targets.at_least("end to end, 10 %: × the script that computes every timestep", best["skipd", 10]["messages_per_s"] / every, 40, "{:.1f}")
    for period, bound in ((2, 10), (10, 5), (100, 3)):
        script = max(best[engine, period]["messages_per_s"] for engine in ("onnxruntime", "torch"))
        targets.at_least(f"end to end, {100 // period} %: × the script that skips too", best["skipd", period]["messages_per_s"] / script, bound, "{:.1f}")
    text = ["| update rate | skipd | pyzmq + ONNX Runtime | pyzmq + PyTorch | skipd, CPU a message | the better script, CPU a message |", "|---|---|---|---|---|---|"]
    groups = []
    for period in PERIODS:
        row = [best[engine, period] for engine in ("skipd", "onnxruntime", "torch")]
        text.append(f"| {100 // period} % | " + " | ".join(f"{record['messages_per_s']:,.0f}/s" for record in row) + f" | {row[0]['cpu_ns'] / 1e3:.2f} µs | {min(row[1]['cpu_ns'], row[2]['cpu_ns']) / 1e3:.2f} µs |")
        groups.append((f"{100 // period} %", list(zip(("skipd", "onnxruntime", "torch"), (record["messages_per_s"] for record in row)))))
    unwanted, wanted = best["unwanted", 1], best["skipd", 1]
    text.append(f"\nAt 100 %, results that nobody has subscribed to are not encoded: skipd's CPU time is then {unwanted['cpu_ns'] / 1e3:.2f} µs a message in place of {wanted['cpu_ns'] / 1e3:.2f}.")
    return "\n".join(text), plot.bars("Messages a second by update rate: 1,000 streams, H = 110", "messages a second", groups)


def latency_section(best, targets):
    echo, ours = best["echo"], best["skipd"]
    targets.at_most("latency p50 above the C echo's, µs", ours["p50_us"] - echo["p50_us"], 30, "{:.0f}")
    targets.at_most("latency p99, × the C echo's", ours["p99_us"] / echo["p99_us"], 2)
    text = ["| | p50 | p99 | results of samples |", "|---|---|---|---|"]
    for name, record in (("C echo", echo), ("skipd, H = 110, every sample an update", ours)):
        text.append(f"| {name} | {record['p50_us']:.0f} µs | {record['p99_us']:.0f} µs | {record['received']:,} of {record['sent']:,} |")
    return "\n".join(text)


FORM_NAMES = {
    "one": "one loop", "endpoints": "two loops, an endpoint each", "spread": "one endpoint, half of the streams handed to a second thread",
    "handed": "one thread receives, a second does the rest", "skipd": "one skipd", "two skipd": "two skipd side by side, half of the streams each",
}


def cores_section(best):
    text = ["| messages/s at an update rate of | 50 % | | 1 % | |", "|---|---|---|---|---|"]
    for form, name in FORM_NAMES.items():
        alone = "skipd" if form.endswith("skipd") else "one"
        text.append(f"| {name} | " + " | ".join(f"{best[form, period]:,.0f} | × {best[form, period] / best[alone, period]:.2f}" for period in (2, 100)) + " |")
    return "\n".join(text)


def idle_section(empty, full, targets):
    targets.at_most("idle with 1,000,000 streams: share of a core", full["cpu"] * 100, 0.005, "{:.4f} %")
    text = ["| skipd | in memory | share of a core | threads that woke, times a second |", "|---|---|---|---|"]
    for name, record in (("no streams", empty), ("1,000,000 streams of H = 48", full)):
        woken = ", ".join(f"`{thread}` {times:.1f}" for thread, times in record["woken"]) or "none"
        text.append(f"| {name} | {record['resident'] / 1e6:.1f} MB | {record['cpu'] * 100:.4f} % | {woken} |")
    return "\n".join(text)
