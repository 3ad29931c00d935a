"""An MQTT client that knows nothing of skipd feeds a stream through a NATS server's own MQTT port; its results are those of one skipd by itself."""
import datetime, json, re, shutil, subprocess, sys

from stage import Recordings, Server, Stage, check, free_port, program_path


def moment(text):
    """Microseconds since the Unix epoch."""
    return int(datetime.datetime.fromisoformat(text[:26] + "+00:00").timestamp() * 1e6)


def main():
    skipd, client = program_path(), shutil.which("mosquitto_pub")
    if not client:
        print("mosquitto_pub is not installed; Debian has it in mosquitto-clients")
        return 0
    with Stage(skipd, servers=1) as stage:
        stage.servers[0].kill()
        port = free_port()
        # Which shard a stream is of, the server finds by itself: the mapping goes by the same hash.
        stage.servers[0] = Server(f"{stage.folder}/mqtt", 0, [0], more=f"""
mqtt {{ listen: "127.0.0.1:{port}" }}
mappings = {{ "in.*": "samples.{{{{partition(1024,1)}}}}.{{{{wildcard(1)}}}}" }}
""")
        stage.servers[0].wait_until_healthy()
        stage.client.addresses = [("127.0.0.1", stage.servers[0].port)]
        stage.client.close()
        # Who comes first makes the stream; only then are messages stored, and not just passed on.
        stage.worker("worker", match="*")
        recordings = Recordings()
        for number in range(60):
            payload = recordings.parts[number]
            subprocess.run([client, "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", "in/mqtt-watch", "-s"], input=payload, check=True, timeout=30)
        # Without a header, a sample's time is when it came: to JetStream, where the oracle has not been.
        clean = lambda body: re.sub(rb'"time":"[^"]*",', b"", body)
        samples, results, problems = check(stage, match="*", clean=clean)
        stored = stage.client.messages("skipd-samples")
        subjects = {each[0] for each in stored}
        times = {moment(json.loads(each[3])["time"]) for each in stage.client.messages("skipd-results")}
        first, last = stored[0][4] // 1000 - 1, stored[-1][4] // 1000
        if not all(first <= each <= last + 1_000_000 for each in times):
            problems.append("results have other times than the samples")
        print(f"{samples} messages of {subjects}, {results} results, {problems or 'as one skipd has them'}")
        return 0 if samples == 60 and results and not problems and len(subjects) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
