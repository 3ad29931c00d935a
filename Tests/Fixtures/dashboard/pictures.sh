#!/bin/bash
# Takes the pictures of the dashboard for README.md: a skipd of its own, real traffic, a real browser. Needs chromium and pyzmq.
#
#     pictures.sh PATH/TO/skipd FOLDER
set -euo pipefail
here=$(dirname "$(realpath "$0")") skipd=$1 folder=$2
python=$(for python in /usr/bin/python3 python3; do if "$python" -c "import zmq, numpy" 2>/dev/null; then echo "$python"; break; fi; done)
if [[ -z $python ]]; then echo "no python3 has zmq and numpy; install Debian's python3-zmq and python3-numpy" >&2; exit 1; fi
work=$(mktemp -d /tmp/skipd-pictures-XXXXXX)
cat >"$work/skipd.toml" <<END
[ingest]
bind = ["ipc://$work/ingest.sock"]
pattern = "pull"
[results]
bind = ["ipc://$work/results.sock"]
[control]
bind = "ipc://$work/control.sock"
[http]
listen = "127.0.0.1:*"
[state]
directory = ""
[[model]]
name = "watch"
path = "$here/../../../etc/skipd/models/watch.safetensors"
[[route]]
match = "watch/**"
model = "watch"
END
"$skipd" --config "$work/skipd.toml" 2>"$work/log" &
trap 'kill $!; wait $! || true; rm -rf "$work"' EXIT
until url=$(grep -oE 'http://127[0-9.:]+' "$work/log"); do kill -0 $!; sleep 0.1; done
"$python" "$here/watch.py" "$url" "ipc://$work/ingest.sock" "$folder"
