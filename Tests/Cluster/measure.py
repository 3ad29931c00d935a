"""Timesteps a second through JetStream with 1, 2 and 3 workers against plain ZeroMQ; time to take over; what snapshots are and cost.

    measure.py [--streams 300] [--messages 60] [--workers 1 2 3] [--servers 1]

Messages of 50 timesteps. What is timed: from the first message published to the last result stored.
"""
import argparse, time

from stage import Daemon, Devices, Recordings, Stage, program_path


def plain(stage, streams, messages, recordings):
    """One skipd by itself. Returns timesteps a second."""
    daemon = Daemon(f"{stage.folder}/plain", stage.skipd, "plain")
    daemon.wait_until_ready()
    begun = time.monotonic()
    devices = Devices([daemon], streams, 1e9, recordings, limit=messages)
    devices.start()
    while daemon.ask("status")["messages"] < streams * messages:
        time.sleep(0.005)
    seconds = time.monotonic() - begun
    daemon.kill()
    return streams * messages * recordings.count / seconds


def backlog(skipd, servers, count, streams, messages, recordings):
    """What workers make of samples that JetStream has already."""
    with Stage(skipd, servers, interval="1s") as stage:
        gateway = stage.gateway("g")
        begun = time.monotonic()
        devices = Devices([gateway], streams, 1e9, recordings, limit=messages)
        devices.start()
        while stage.client.count("skipd-samples") < streams * messages:
            time.sleep(0.02)
        published = streams * messages * recordings.count / (time.monotonic() - begun)
        workers = [stage.worker(f"w{number}") for number in range(count)]
        names = [each.name for each in workers]
        # The workers' start and their claims are no part of it: time runs from the first result.
        while not stage.client.count("skipd-results"):
            time.sleep(0.005)
        begun, last, changed = time.monotonic(), 0, time.monotonic()
        while time.monotonic() - changed < 3:
            now = stage.client.count("skipd-results")
            if now != last:
                last, changed = now, time.monotonic()
            time.sleep(0.02)
        rate = streams * messages * recordings.count / max(changed - begun, 0.001)
        stage.wait_for_owners(names)
        takeover = None
        if count > 1:
            workers[-1].kill()
            begun = time.monotonic()
            stage.wait_for_owners(names[:-1])
            takeover = time.monotonic() - begun
        state = stage.client.api("STREAM.INFO.skipd-state").get("state", {})
        return published, rate, last, takeover, state.get("messages", 0), state.get("bytes", 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=300)
    parser.add_argument("--messages", type=int, default=60)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--servers", type=int, default=1)
    options = parser.parse_args()
    skipd, recordings = program_path(), Recordings(timesteps=50)
    with Stage(skipd, 1) as stage:
        print(f"plain ZeroMQ: {plain(stage, options.streams, options.messages, recordings):,.0f} timesteps/s", flush=True)
    for count in options.workers:
        published, rate, results, takeover, states, size = backlog(skipd, options.servers, count, options.streams, options.messages, recordings)
        print(f"{count} worker{'s' if count > 1 else ''}, {options.servers} server{'s' if options.servers > 1 else ''}: gateway into JetStream {published:,.0f} timesteps/s, workers {rate:,.0f} timesteps/s with {results} results stored"
              + (f", take-over in {takeover:.1f} s at a lease of 2 s" if takeover else "") + f"; {states} states stored, {size / max(states, 1):.0f} bytes each", flush=True)


if __name__ == "__main__":
    main()
