#!/bin/bash
# Installs, upgrades, removes and purges the Debian package in a freshly made Debian 12 that boots its own systemd, and looks at what is left.
#
#     Tests/Packages/deb.sh dist/skipd_0.1.0_amd64.deb
#
# Needs root, debootstrap and systemd-container. The base system is kept in ${XDG_CACHE_HOME:-~/.cache}/skipd-debian for the next time.
set -euo pipefail

deb=$(realpath "$1")
base=${XDG_CACHE_HOME:-$HOME/.cache}/skipd-debian
root=$(mktemp -d /var/tmp/skipd-deb-XXXXXX)
nspawn=""
leader=""

say() { printf '%s\n' "== $*"; }
fail() { printf '%s\n' "FAILED: $*" >&2; exit 1; }
inside() { nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup -- /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
# Waits for a condition inside, for a minute.
eventually() {
    for _ in $(seq 300); do if inside "$@" >/dev/null 2>&1; then return; fi; sleep 0.2; done
    inside journalctl --no-pager --unit skipd | tail -20 >&2
    fail "waited in vain for: $*"
}
cleanup() {
    # To systemd-nspawn, SIGTERM means an orderly power-off.
    [[ -z $nspawn ]] || { kill "$nspawn" && wait "$nspawn"; } 2>/dev/null || true
    rm -rf "$root" "$root.log"
}
trap cleanup EXIT

# What the package depends on is part of the base, so that the container needs no network.
packages=systemd,systemd-sysv,dbus,adduser,init-system-helpers,$(dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g')
if [[ $(cat "$base/root/packages" 2>/dev/null) != "$packages" ]]; then
    say 'making a Debian 12'
    rm -rf "$base" "$base.part"
    debootstrap --variant=minbase --include="$packages" bookworm "$base.part" >"$root.log" || { tail -n 20 "$root.log" >&2; fail 'debootstrap could not make it'; }
    echo "$packages" >"$base.part/root/packages"
    mv "$base.part" "$base"
fi
cp -a "$base/." "$root"
cp "$deb" "$root/root/skipd.deb"
# The same files under a later version.
dpkg-deb -R "$deb" "$root/root/next"
sed -i -E 's/^(Version: .*)$/\1+next/' "$root/root/next/DEBIAN/control"
echo '# a new default' >>"$root/root/next/etc/skipd/skipd.toml"
dpkg-deb -Zgzip -z1 --root-owner-group -b "$root/root/next" "$root/root/next.deb" >/dev/null

systemd-nspawn --quiet --directory="$root" --private-network --register=no --keep-unit --link-journal=no --console=pipe --boot >"$root.log" 2>&1 </dev/null &
nspawn=$!
isUp=""
for _ in $(seq 300); do
    kill -0 "$nspawn" 2>/dev/null || break
    leader=$(cut -d ' ' -f 1 "/proc/$nspawn/task/$nspawn/children" || true)
    if [[ -n $leader ]] && inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; then isUp=1; break; fi
    sleep 0.2
done
[[ -n $isUp ]] || { tail -n 20 "$root.log" >&2; fail 'the container did not boot'; }

say 'install: the service runs, under its own account'
inside dpkg -i /root/skipd.deb
eventually systemctl is-active skipd
eventually skipctl status
inside systemctl is-enabled skipd >/dev/null || fail 'the service is not enabled'
[[ $(inside stat -c %U:%a /var/lib/skipd) == skipd:750 ]] || fail 'the folder of the states belongs to somebody else'
inside sh -c '! ldd /usr/bin/skipd /usr/bin/skipctl | grep -iE "swift|not found"' || fail 'a library of Swift is needed, or one is missing'
[[ -z $(inside journalctl --no-pager --quiet --unit skipd --priority warning) ]] || { inside journalctl --no-pager --unit skipd >&2; fail 'the journal has complaints'; }
for file in $(sed -n 's|^Documentation=file:||p' "$root/lib/systemd/system/skipd.service") /usr/share/doc/skipd/docs/operations.md; do
    [[ -e $root$file ]] || fail "the manual $file is missing"
done
[[ -e $root/lib/systemd/system/skipd@.service ]] || fail 'the unit for several skipd is missing'
inside man -w skipd >/dev/null 2>&1 || [[ -e $root/usr/share/man/man1/skipd.1.gz || ! -d $root/usr/share/man ]] || say 'no manual pages (the base system leaves them out)'

say 'samples go in, and results are made of them'
inside skipctl pub 'watch/{}' /usr/share/skipd/recordings/watch-seven.safetensors --batch 50
# One is in the middle of a sequence.
inside skipctl pub watch/open --generate sine --features 6 --count 150 --rate 1e6
eventually sh -c 'skipctl status | grep -q "10,812 arrived"'
eventually sh -c 'skipctl stream watch/open | grep -q "of 150 timesteps read"'

say 'upgrade: a changed configuration and the streams stay, the service runs on'
# What changes by itself is left out.
streams() { inside skipctl streams --sort name --json | sed -E 's/"idle_s":[0-9]+,?//'; }
streams >"$root/root/streams"
inside sh -c 'echo "# mine" >>/etc/skipd/skipd.toml'
before=$(inside systemctl show --value -p MainPID skipd)
inside dpkg -i --force-confold /root/next.deb
eventually systemctl is-active skipd
eventually skipctl status
[[ $(inside systemctl show --value -p MainPID skipd) != "$before" ]] || fail 'the old program still runs'
inside grep -q '# mine' /etc/skipd/skipd.toml || fail 'the configuration was replaced'
streams | diff "$root/root/streams" - >&2 || fail 'the streams are not as they were'

say 'remove: the service is gone, configuration and state are not'
inside dpkg -r skipd
inside sh -c '! systemctl is-active skipd' >/dev/null || fail 'the service still runs'
inside test -e /etc/skipd/skipd.toml -a -e /var/lib/skipd/state.sqlite || fail 'a removal took the configuration or the state'

say 'purge: nothing is left'
inside dpkg -P skipd
for path in /etc/skipd /var/lib/skipd /run/skipd /usr/share/skipd /usr/share/doc/skipd /lib/systemd/system/skipd.service /lib/systemd/system/skipd@.service; do
    inside test ! -e $path || fail "$path is left"
done
inside sh -c '! getent passwd skipd && ! getent group skipd' || fail 'the account is left'
left=$(inside find / -xdev -name '*skipd*' -not -path '/proc/*' -not -path '/sys/*' -not -path '/root/*' -not -path '/var/log/*' -not -path '/var/lib/dpkg/*' -not -path '/tmp/*' 2>/dev/null || true)
[[ -z $left ]] || fail "left behind: $left"

say 'install again after a purge'
inside dpkg -i /root/skipd.deb
eventually systemctl is-active skipd
echo passed
