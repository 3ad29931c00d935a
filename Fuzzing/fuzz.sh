#!/bin/bash
# Feeds made-up inputs to everything that reads what others wrote; `make fuzz` runs it.
#
#   fuzz.sh PROGRAM          PROGRAM is skipd-fuzz, built with libFuzzer, AddressSanitizer and, for its C and C++, UndefinedBehaviorSanitizer
#
#   FUZZ_SECONDS    how long each target is fed; 10 by default
#   FUZZ_RUNS       or how many inputs each gets
#   FUZZ_TARGETS    which; all by default
#   FUZZ_GROW       1: what reaches new code is added to the corpus
#
# An input that traps, leaks, hangs or is written past its end is left in .build/fuzz/, and the run fails.
set -euo pipefail
program=$1
here=$(cd "$(dirname "$0")" && pwd)
found="$here/../.build/fuzz"
mkdir -p "$found"
limit=(-max_total_time="${FUZZ_SECONDS:-10}")
if [[ -n "${FUZZ_RUNS:-}" ]]; then limit=(-runs="$FUZZ_RUNS"); fi

# A trap is to end the process at once: libFuzzer writes down the input, nobody waits for a backtrace.
export SWIFT_BACKTRACE=enable=no
# An allocation of any size that a file says is a finding.
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=0:max_allocation_size_mb=1024}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}

status=0
for target in ${FUZZ_TARGETS:-messages json control model recordings configuration record}; do
    scratch=$(mktemp -d)
    # New inputs go to the first folder.
    corpus=("$scratch" "$here/Corpus/$target")
    if [[ "${FUZZ_GROW:-}" == 1 ]]; then corpus=("$here/Corpus/$target"); fi
    log="$found/$target.log"
    FUZZ_TARGET=$target "$program" "${limit[@]}" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found/$target-" \
        -close_fd_mask=0 "${corpus[@]}" >"$log" 2>&1 || { status=1; echo "$target: found something, see $log" >&2; tail -n 30 "$log" >&2; }
    runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)$/\1/p' "$log")
    covered=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$log" | tail -n 1)
    echo "$target: ${runs:-?} inputs, ${covered:-?} places in the code reached"
    rm -rf "$scratch"
done
exit $status
