"""What is measured. What is compared is measured in turns within one run, and the best of the turns counts: a machine that others use too only ever adds time."""

import os
import pathlib
import time

from processes import cpu_seconds, free_endpoint, lines, lines_together, peer_lines, program, resident_bytes, service, skipd


def fastest_blas():
    """The environment in which OpenBLAS is fastest: Debian 12's takes a processor that is younger than itself for one of 2004."""
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split()
    kernels = [name for name, flag in (("Haswell", "avx2"), ("SkylakeX", "avx512f"), ("Cooperlake", "avx512_bf16")) if flag in flags]
    choices = [{}] + [{"OPENBLAS_CORETYPE": name} for name in kernels]
    return min(choices, key=lambda environment: sum(record["ns"] for record in lines("measure", "blas", 100, environment=environment)))


def updates(quick):
    """One update, and updates of several streams: skipd's library, OpenBLAS, ONNX Runtime, PyTorch."""
    best, blas = {}, fastest_blas()
    for _ in range(2 if quick else 6):
        records = lines("measure", "update", 10 if quick else 40, environment=blas)
        for engine in ("onnxruntime", "torch"):
            records += peer_lines("steps.py", engine, 30 if quick else 150)
        for record in records:
            key = (record["what"], record["hidden"], record.get("streams"), record.get("engine") or record.get("variant"))
            kept = best.setdefault(key, record)
            for field in ("ns", "ns_of_8"):
                if field in record:
                    kept[field] = min(kept[field], record[field])
            for field in ("bandwidth", "peak"):
                if field in record:
                    kept[field] = max(kept[field], record[field])
    for record in best.values():
        if record["what"] == "update":
            operations = 6 * record["hidden"] * (record["hidden"] + 6)
            record["of_bandwidth"] = operations * 2 / record["ns"] / record["bandwidth"]
            record["of_peak"] = operations / record["ns"] / record["peak"]
    return best


def links(quick):
    """The links of the chain that one update of H = 48 is."""
    return lines("measure", "links", 1_000 if quick else 5_000)


def streams(quick):
    """Many streams in one process: a skipped timestep past the receive, memory, pauses."""
    rounds = [lines("measure", "skipped", 1_000_000, 3 if quick else 8)[0] for _ in range(1 if quick else 3)]
    skipped = min(rounds, key=lambda record: record["ratio"])
    growth = [lines("measure", "growth", 1_000_000)[0] for _ in range(1 if quick else 3)]
    growth = min(growth, key=lambda record: record["longest_block_ms"])
    return skipped, growth


def countdown(quick):
    return lines("measure", "gate", 10 if quick else 40)


def model(directory, hidden, period):
    path = directory / f"h{hidden}-every-{period}.safetensors"
    if not path.exists():
        import subprocess
        from processes import bin_directory
        subprocess.run([bin_directory / "measure", "model", str(hidden), str(period), path], check=True)
    return path


def better(kept, record):
    """The best of each figure."""
    if kept is None:
        return dict(record)
    return {
        "messages_per_s": max(kept["messages_per_s"], record["messages_per_s"]), "cpu_ns": min(kept["cpu_ns"], record["cpu_ns"]),
        "sender_cpu_ns": min(kept["sender_cpu_ns"], record["sender_cpu_ns"]),
    }


NEVER = 1_000_000_000
# Messages a second of the measurements below full load; 0 is as many as are taken.
RATES = (0, 250_000, 25_000)


def receiving(skipd_path, directory, quick):
    """Messages that are all skipped, of 10,000 streams: skipd, and a C loop that drops them, at several rates; the C loop with encryption too."""
    made, best = model(directory, 48, NEVER), {}

    def note(key, samples, process, rate, environment={}):
        pace = [rate] if rate else []
        # At full load what else the machine does costs most: more turns, each shorter.
        warm, seconds = (0.3, 1) if quick or not rate else (0.5, 2)
        record = lines("send-samples", "xpub", samples, process.pid, 10_000, 1, warm, seconds, *pace, environment=environment)[0]
        best[key] = better(best.get(key), record)

    for _ in range(2 if quick else 6):
        for rate in RATES if quick else (0, 0) + RATES:
            samples = free_endpoint()
            with program("receive-and-drop", "sub", "@" + samples) as process:
                note(("drop", rate), samples, process, rate)
            samples = free_endpoint()
            with skipd(skipd_path, made, samples, free_endpoint(), emit="end") as process:
                note(("skipd", rate), samples, process, rate)
        samples, encrypted = free_endpoint(), {"TRAFFIC_CURVE": "1"}
        with program("receive-and-drop", "sub", "@" + samples, environment=encrypted) as process:
            note(("curve", 0), samples, process, 0, encrypted)
    return best


PERIODS = (1, 2, 10, 100)


def end_to_end(skipd_path, directory, quick):
    """1,000 streams of H = 110, one timestep a message, results of every update to one subscriber: skipd and the scripts."""
    best = {}
    warm, seconds = (0.5, 1) if quick else (1, 3)

    def measure(key, server, samples, results):
        with server as process, program("receive-and-drop", "sub", results):
            time.sleep(0.3)
            best[key] = better(best.get(key), lines("send-samples", "xpub", samples, process.pid, 1_000, 3, warm, seconds)[0])

    for _ in range(1 if quick else 2):
        for period in PERIODS:
            made = model(directory, 110, period)
            samples, results = free_endpoint(), free_endpoint()
            measure(("skipd", period), skipd(skipd_path, made, samples, results), samples, results)
            for engine in ("onnxruntime", "torch"):
                samples, results = free_endpoint(), free_endpoint()
                mode = "every" if period == 1 else "skip"
                measure((engine, period), service(engine, made, samples, results, mode), samples, results)
        # Every timestep an update, and nobody who wants the results.
        samples = free_endpoint()
        with skipd(skipd_path, model(directory, 110, 1), samples, free_endpoint()) as process:
            best["unwanted", 1] = better(best.get(("unwanted", 1)), lines("send-samples", "xpub", samples, process.pid, 1_000, 3, warm, seconds)[0])
    return best


FORMS = ("one", "endpoints", "spread", "handed")


def cores(skipd_path, directory, quick):
    """What a second core could give: loops in one process, in several forms; one skipd, and two side by side. Two senders with half of the streams each feed every one of them."""
    best = {}
    warm, seconds = (0.3, 1) if quick else (0.5, 2)

    def note(key, endpoints, pids):
        both = lines_together(*[("send-samples", "xpub", endpoint, pid, 500, 3, warm, seconds) for endpoint, pid in zip(endpoints, pids)])
        best[key] = max(best.get(key, 0), sum(record["messages_per_s"] for record in both))

    for _ in range(1 if quick else 4):
        for period in (2, 100):
            for form in FORMS:
                first, second = free_endpoint(), free_endpoint()
                with program("loops", form, str(period), first, second) as process:
                    time.sleep(0.3)
                    note((form, period), (first, second if form == "endpoints" else first), (process.pid, process.pid))
            made = model(directory, 110, period)
            first, second = free_endpoint(), free_endpoint()
            with skipd(skipd_path, made, first, free_endpoint()) as process:
                note(("skipd", period), (first, first), (process.pid, process.pid))
            with skipd(skipd_path, made, first, free_endpoint()) as one, skipd(skipd_path, made, second, free_endpoint()) as other:
                note(("two skipd", period), (first, second), (one.pid, other.pid))
    return best


def latency(skipd_path, directory, quick):
    """From sample to result at 10,000 messages a second: skipd with an update for each, and a C echo."""
    made, best = model(directory, 110, 1), {}
    for _ in range(2 if quick else 10):
        samples, results = free_endpoint(), free_endpoint()
        with program("echo", "@" + samples, "@" + results):
            record = lines("time-results", samples, results, 1_000, 10_000, 2)[0]
            best["echo"] = quickest(best.get("echo"), record)
        samples, results = free_endpoint(), free_endpoint()
        with skipd(skipd_path, made, samples, results):
            record = lines("time-results", samples, results, 1_000, 10_000, 2)[0]
            best["skipd"] = quickest(best.get("skipd"), record)
    return best


def quickest(kept, record):
    if kept is None:
        return record
    return {field: min(kept[field], record[field]) for field in record}


def thread_counts(pid):
    """Each thread's name, CPU seconds and times that it went to sleep."""
    counts = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        folder = pathlib.Path(f"/proc/{pid}/task/{task}")
        sleeps = next(int(line.split()[1]) for line in (folder / "status").read_text().splitlines() if line.startswith("voluntary_ctxt"))
        counts[task] = (folder / "comm").read_text().strip(), int((folder / "schedstat").read_text().split()[0]) * 1e-9, sleeps
    return counts


def idle(skipd_path, directory, quick):
    """CPU time of a daemon to which nothing comes, with no streams and with a million, and its memory."""
    made = model(directory, 48, NEVER)
    samples = free_endpoint()
    seconds = 2 if quick else 10
    with skipd(skipd_path, made, samples, free_endpoint(), emit="end") as process:
        # What the start has set going, threads that nothing needs any more, ends within five seconds.
        time.sleep(7)
        def rest():
            start = thread_counts(process.pid)
            time.sleep(seconds)
            spent = {"resident": resident_bytes(process.pid), "cpu": 0, "woken": []}
            for task, (name, cpu, sleeps) in thread_counts(process.pid).items():
                _, cpu_before, sleeps_before = start.get(task, (name, 0, 0))
                spent["cpu"] += (cpu - cpu_before) / seconds
                if sleeps > sleeps_before:
                    spent["woken"].append((name, (sleeps - sleeps_before) / seconds))
            return spent
        empty = rest()
        lines("send-samples", "xpub", samples, process.pid, 1_000_000, 1, 0, 0)
        # Until it has worked them off.
        before = -1
        while cpu_seconds(process.pid) - before > 0.01:
            before = cpu_seconds(process.pid)
            time.sleep(0.5)
        full = rest()
    return empty, full
