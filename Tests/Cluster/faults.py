"""Faults of every kind while devices send to a cluster; then each stream's results have to be exactly one undisturbed skipd's, of what JetStream has.

    faults.py [--faults N] [--seed S] [--streams N] [--kinds worker,gateway,server,pause,cut]

Ends with 0 if they are, 1 if not, with a sentence for each stream that is wrong.
"""
import argparse, collections, random, signal, sys, time

from stage import Devices, Recordings, Stage, check, private_network, program_path

LEASE = 5.0  # seconds, the default


class Faults:
    def __init__(self, stage, gateways, workers, random):
        self.stage, self.gateways, self.workers, self.random = stage, gateways, workers, random

    def worker(self):
        """kill -9 of a worker, which comes back before or after the others have taken its shards."""
        worker = self.random.choice(self.workers)
        worker.kill()
        time.sleep(self.random.choice([0.1, 1, 1.6 * LEASE]))
        self.stage.restart(worker)
        return worker.name

    def gateway(self):
        """kill -9 of a gateway."""
        gateway = self.random.choice(self.gateways)
        gateway.kill()
        time.sleep(self.random.uniform(0.1, 1))
        self.stage.restart(gateway)
        return gateway.name

    def server(self):
        """kill -9 of one server; the others have to do, until it has caught up."""
        server = self.random.choice(self.stage.servers)
        server.kill()
        time.sleep(self.random.uniform(0.1, 4))
        server.start()
        server.wait_until_healthy()
        return server.name

    def pause(self):
        """A worker stands still for longer than its lease, and goes on."""
        worker = self.random.choice(self.workers)
        worker.signal(signal.SIGSTOP)
        time.sleep(self.random.uniform(1.2, 1.8) * LEASE)
        worker.signal(signal.SIGCONT)
        return worker.name

    def cut(self):
        """A worker's link to the servers is cut: nothing comes through, and nobody is told."""
        from subprocess import run
        worker = self.random.choice([each for each in self.workers if hasattr(each, "link")])
        run(["ip", "link", "set", worker.link, "down"], check=True)
        time.sleep(self.random.choice([0.5, 1.2 * LEASE, 1.8 * LEASE]))
        run(["ip", "link", "set", worker.link, "up"], check=True)
        return worker.name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--streams", type=int, default=60)
    parser.add_argument("--rate", type=float, default=300, help="messages a second")
    parser.add_argument("--kinds", default="worker,gateway,server,pause,cut")
    parser.add_argument("--servers", type=int, default=3)
    options = parser.parse_args()
    skipd = program_path()
    kinds = options.kinds.split(",")
    if not private_network() and "cut" in kinds:
        print("no network namespace can be made here (that needs root, unshare and ip): links are not cut", flush=True)
        kinds.remove("cut")
    print(f"seed {options.seed}, {options.faults} faults of {', '.join(kinds)}", flush=True)
    generator = random.Random(options.seed)
    begun = time.monotonic()
    with Stage(skipd, options.servers, f"{LEASE:g}s") as stage:
        gateways = [stage.gateway("g0"), stage.gateway("g1")]
        workers = [stage.worker("w0"), stage.worker("w1")]
        workers.append(stage.far_worker("w2", 1) if "cut" in kinds else stage.worker("w2"))
        stage.wait_for_owners([each.name for each in workers], 120)
        print(f"{time.monotonic() - begun:6.1f} s  each worker has its shards", flush=True)
        devices = Devices(gateways, options.streams, options.rate, Recordings())
        devices.start()
        faults, done = Faults(stage, gateways, workers, generator), collections.Counter()
        # Each kind comes up as often as the others.
        for number in range(options.faults):
            kind = kinds[number % len(kinds)]
            time.sleep(generator.uniform(0.1, 1.5))
            who = getattr(faults, kind)()
            done[kind] += 1
            print(f"{time.monotonic() - begun:6.1f} s  {number + 1}: {kind} {who}", flush=True)
        time.sleep(1)
        devices.stop()
        samples, results, problems = check(stage)
        print(f"{', '.join(f'{count} {kind}' for kind, count in done.items())}; {devices.sent} messages sent, {samples} in JetStream, {results} results, "
              f"{time.monotonic() - begun:.0f} s: {'as one undisturbed skipd has them' if not problems else f'{len(problems)} streams are wrong'}")
        for problem in problems:
            print(problem)
        if problems or not results:
            print(stage.describe())
            for each in [*gateways, *workers]:
                print(f"-- {each.name}\n{each.log[-3000:]}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
