#!/bin/bash
# Feeds made-up inputs to everything that reads what others wrote; `make fuzz` runs it.
#
#   fuzz.sh PROGRAM          PROGRAM is skipd-fuzz, built with libFuzzer, AddressSanitizer and, for its C and C++, UndefinedBehaviorSanitizer
#
#   FUZZ_SECONDS    how long each target is fed; 10 by default
#   FUZZ_RUNS       or how many inputs each gets
#   FUZZ_TARGETS    which; all by default
#   FUZZ_GROW       1: what reaches new code is added to the corpus, which is made minimal in the end
#
# An input that traps, leaks, hangs or is written past its end is left in .build-fuzz/found/, and the run fails.
set -euo pipefail
program=$1
here=$(cd "$(dirname "$0")" && pwd)
found="$here/../.build-fuzz/found"
mkdir -p "$found"
limit=(-max_total_time="${FUZZ_SECONDS:-10}")
if [[ -n "${FUZZ_RUNS:-}" ]]; then limit=(-runs="$FUZZ_RUNS"); fi

# A trap is to end the process at once: libFuzzer writes down the input, nobody waits for a backtrace.
export SWIFT_BACKTRACE=enable=no
# An allocation of whatever size a file says is a finding.
export ASAN_OPTIONS=${ASAN_OPTIONS:-max_allocation_size_mb=1024}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}

status=0
total=0
for target in ${FUZZ_TARGETS:-messages json record store control model recordings configuration keys}; do
    export FUZZ_TARGET=$target
    corpus="$here/Corpus/$target"
    # New inputs go to the first folder.
    new=$(mktemp -d)
    log="$found/$target.log"
    # SQLite's pages are large, nothing else needs to be.
    longest=4096
    if [[ $target == store ]]; then longest=16384; fi
    # TOMLKit keeps some memory of each text that it has read.
    leaks=(-rss_limit_mb=2048)
    if [[ $target == configuration ]]; then leaks=(-rss_limit_mb=8192 -detect_leaks=0); fi
    words=()
    if [[ -e "$here/Words/$target" ]]; then words=(-dict="$here/Words/$target"); fi
    "$program" "${limit[@]}" -max_len=$longest -timeout=10 "${leaks[@]}" -print_final_stats=1 -artifact_prefix="$found/$target-" "${words[@]}" \
        "$new" "$corpus" >"$log" 2>&1 </dev/null || { status=1; echo "$target: found something, see $log" >&2; grep -v '^#' "$log" | tail -n 30 >&2; }
    runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)$/\1/p' "$log")
    covered=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$log" | tail -n 1)
    echo "$target: ${runs:-?} inputs, ${covered:-?} places in the code reached"
    total=$((total + ${runs:-0}))
    if [[ "${FUZZ_GROW:-}" == 1 ]]; then
        # A merge takes the smallest inputs that together reach everything.
        least=$(mktemp -d)
        if "$program" -merge=1 -max_len=$longest "$least" "$corpus" "$new" >>"$log" 2>&1 </dev/null; then
            rm -f "$corpus"/*
            cp "$least"/* "$corpus"/
        fi
        rm -rf "$least"
    fi
    rm -rf "$new"
done
echo "$total inputs in all"
exit $status
