#!/bin/bash
# Takes the pictures of the dashboard for README.md: a skipd of its own, real traffic, a real browser. Needs chromium and pyzmq.
#
#     pictures.sh PATH/TO/skipd FOLDER
set -euo pipefail
here=$(dirname "$(realpath "$0")") skipd=$1 folder=$2
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
python3 "$here/watch.py" "$url" "ipc://$work/ingest.sock" "$folder"
