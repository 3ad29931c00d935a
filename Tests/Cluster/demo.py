"""The cluster on one machine: three NATS servers, a gateway, three workers; a worker and a server are killed on the way.

    demo.py [--streams 300]

Ends with 0 if every stream's results are those of one skipd by itself.
"""
import argparse, sys, time

from stage import Devices, Recordings, Stage, check, program_path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=300)
    options = parser.parse_args()
    skipd = program_path()
    begun = time.monotonic()
    say = lambda text: print(f"{time.monotonic() - begun:6.1f} s  {text}", flush=True)
    recordings = Recordings(timesteps=50)
    with Stage(skipd) as stage:
        say("three NATS servers, each message on all three")
        gateway = stage.gateway("gateway")
        workers = [stage.worker(f"worker-{number}") for number in range(3)]
        names = [each.name for each in workers]
        say(f"a gateway; the shards' owners: {stage.wait_for_owners(names)}")
        # 24 s of each stream, as fast as they are taken.
        devices = Devices([gateway], options.streams, 1000, recordings, limit=24)
        devices.start()
        while devices.sent < 8 * options.streams:
            time.sleep(0.05)
        workers[1].kill()
        say(f"{devices.sent} messages sent; {workers[1].name} killed")
        while devices.sent < 16 * options.streams:
            time.sleep(0.05)
        server = stage.servers[2]
        server.kill()
        say(f"{devices.sent} messages sent; {server.name} killed")
        devices.join()
        say(f"all {devices.sent} messages sent")
        owners = stage.wait_for_owners([names[0], names[2]])
        say(f"the shards' owners: {owners}")
        samples, results, problems = check(stage)
        say(f"{options.streams} streams, {samples} messages ({samples * recordings.count} timesteps) in JetStream, {results} results: "
            + ("equal to the single-machine run" if not problems and results else f"{len(problems)} streams differ from the single-machine run"))
        for problem in problems:
            print(problem)
        if samples != devices.sent:
            print(f"{devices.sent - samples} messages that were sent are not in JetStream")
        if problems or not results or samples != devices.sent:
            for each in stage.daemons.values():
                print(f"-- {each.name}\n{each.log[-2000:]}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
