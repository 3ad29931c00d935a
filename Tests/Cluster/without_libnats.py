"""Where libnats is not installed: a skipd that [cluster] asks for it says so and ends; one by itself, and skipctl, do without."""
import os, subprocess, sys

from stage import Daemon, Stage, program_path

# In a mount namespace of its own, where the library's files are empty.
HIDDEN = ["unshare", "--mount", "sh", "-c", 'for file in $(ldconfig -p | sed -n "s/.*libnats.*=> //p"); do mount --bind /dev/null "$file" || exit 99; done; exec "$@"', "sh"]


def main():
    skipd = program_path()
    skipctl = os.environ.get("SKIPCTL") or os.path.join(os.path.dirname(skipd), "skipctl")
    if subprocess.run([*HIDDEN, "true"], capture_output=True).returncode:
        print("no mount namespace can be made here (that needs root)")
        return 0
    sentence = "libnats is not installed (on Debian: apt install libnats3.4)"
    with Stage(skipd, servers=1) as stage:
        for role in ["gateway", "worker"]:
            asked = stage.daemons[role] = Daemon(f"{stage.folder}/{role}", skipd, role, stage.section(role, role), prefix=HIDDEN)
            assert asked.process.wait(60) == 1 and sentence in asked.log, asked.log
            tool = subprocess.run([*HIDDEN, skipctl, "status", "--cluster", "--config", asked.folder + "/skipd.toml"], capture_output=True, text=True, timeout=60)
            assert tool.returncode == 1 and sentence in tool.stderr, tool
            print(asked.log, tool.stderr, sep="")
        alone = stage.daemons["alone"] = Daemon(f"{stage.folder}/alone", skipd, "alone", prefix=HIDDEN)
        alone.wait_until_ready()
        told = subprocess.run([*HIDDEN, skipctl, "status", "--control", alone.control], capture_output=True, text=True, timeout=60)
        assert told.returncode == 0, told
    return 0


if __name__ == "__main__":
    sys.exit(main())
