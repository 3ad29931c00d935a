#!/bin/bash
# Feeds made-up inputs to everything that reads what others wrote; `make fuzz` runs it.
#
#   fuzz.sh PROGRAM          PROGRAM is skipd-fuzz, built with libFuzzer, AddressSanitizer and, for its C and C++, UndefinedBehaviorSanitizer
#
#   FUZZ_SECONDS    how long each target is fed; 10 by default
#   FUZZ_RUNS       or how many inputs each gets
#   FUZZ_TARGETS    which; all by default
#   FUZZ_TIMEOUT    an input that takes longer is a finding; 10 seconds by default. Of the wall's clock: a machine that is suspended makes one up
#   FUZZ_GROW       1: in the end Corpus/ gets the smallest inputs that together reach what Seeds/ doesn't
#
# Seeds/ has inputs with names: written by hand, and one for each finding. What reaches new code is kept in .build-fuzz/corpus/, where the next run begins.
# An input that traps, leaks, hangs or is written past its end is left in .build-fuzz/found/, and the run fails.
set -euo pipefail
program=$1
here=$(cd "$(dirname "$0")" && pwd)
built="$here/../.build-fuzz"
found="$built/found"
mkdir -p "$found"
limit=(-max_total_time="${FUZZ_SECONDS:-10}")
if [[ -n "${FUZZ_RUNS:-}" ]]; then limit=(-runs="$FUZZ_RUNS"); fi

# A trap is to end the process at once: libFuzzer writes down the input, nobody waits for a backtrace.
export SWIFT_BACKTRACE=enable=no
# An allocation of whatever size a file says is a finding.
address=${ASAN_OPTIONS:-max_allocation_size_mb=1024}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}

status=0
total=0
for target in ${FUZZ_TARGETS:-messages json record store control model recordings configuration keys}; do
    export FUZZ_TARGET=$target
    seeds="$here/Seeds/$target"
    corpus="$here/Corpus/$target"
    # New inputs go to the first folder.
    grown="$built/corpus/$target"
    mkdir -p "$grown" "$corpus"
    log="$found/$target.log"
    # SQLite's pages are large; of messages a dozen are enough, each takes its time.
    longest=4096
    case $target in store) longest=16384 ;; messages) longest=1024 ;; esac
    # TOMLKit keeps some memory of each text that it has read.
    leaks=(-rss_limit_mb=2048)
    export ASAN_OPTIONS=$address
    if [[ $target == configuration ]]; then
        leaks=(-rss_limit_mb=8192 -detect_leaks=0)
        ASAN_OPTIONS+=:detect_leaks=0
    fi
    words=()
    if [[ -e "$here/Words/$target" ]]; then words=(-dict="$here/Words/$target"); fi
    "$program" "${limit[@]}" -max_len=$longest -timeout="${FUZZ_TIMEOUT:-10}" "${leaks[@]}" -print_final_stats=1 -artifact_prefix="$found/$target-" "${words[@]}" \
        "$grown" "$corpus" "$seeds" >"$log" 2>&1 </dev/null || { status=1; echo "$target: found something, see $log" >&2; grep -v '^#' "$log" | tail -n 30 >&2; }
    runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)$/\1/p' "$log" | tail -n 1)
    covered=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$log" | tail -n 1)
    echo "$target: ${runs:-?} inputs, ${covered:-?} places in the code reached"
    total=$((total + ${runs:-0}))
    if [[ "${FUZZ_GROW:-}" == 1 ]]; then
        # A merge takes the smallest inputs first. By places alone: with how often each is passed it would take ten times as many.
        least=$(mktemp -d)
        cp "$seeds"/* "$least"/
        if "$program" -merge=1 -use_counters=0 -max_len=$longest "$least" "$corpus" "$grown" >>"$log" 2>&1 </dev/null; then
            for seed in "$seeds"/*; do rm "$least/${seed##*/}"; done
            rm -rf "$corpus"
            mv "$least" "$corpus"
            chmod 755 "$corpus"
        fi
        rm -rf "$least"
    fi
done
echo "$total inputs in all"
exit $status
