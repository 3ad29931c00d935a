#!/bin/bash
# Runs tests under a sanitizer, the programs that they start included; `make sanitize` runs it for each.
#
#   sanitize.sh thread|address
#
#   SANITIZE_FILTER    which tests, as a regular expression; those of whatever has threads, or memory of its own, by default
#
# A report is a failure, wherever it comes from: it is left in .build-tsan/reports/ or .build-asan/reports/.
set -euo pipefail
sanitizer=$1
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
build=".build-${sanitizer:0:1}san"
reports="$PWD/$build/reports"

# What has a thread; what has memory of its own.
case $sanitizer in
thread) filter='ZeroMQTests|SkipStoreTests|NATSTests|skipdTests' ;;
address) filter='CSkipKernelsTests|SkipRNNTests|SkipStreamTests|SkipStoreTests|SkipConfigurationTests|ZeroMQTests|FuzzTargetsTests|skipdTests' ;;
*) echo "sanitize.sh thread|address" >&2; exit 64 ;;
esac
# These hold memory or time to what a program without a sanitizer takes, or stand between skipd and libc themselves (faults.c), or are about documents.
skip='SoakTests|OverloadTests|RestartTests|StrangerTests|DiskFaultTests|ClockTests|AllocationTests|DocumentationTests|ExamplesTests|DashboardTests|LifecycleTests/reloadsLeaveNothing'

"${SWIFT:-swift}" build -c release --build-tests --sanitize "$sanitizer" --scratch-path "$build"
rm -rf "$reports"
mkdir -p "$reports"
# libFuzzer's and Swift's own handlers would stand in a report's way.
export SWIFT_BACKTRACE=enable=no
export TSAN_OPTIONS="log_path=$reports/thread suppressions=$here/thread.txt"
export ASAN_OPTIONS="log_path=$reports/address" LSAN_OPTIONS="suppressions=$here/leaks.txt:print_suppressions=0"
status=0
"${SWIFT:-swift}" test -c release --skip-build --disable-xctest --sanitize "$sanitizer" --scratch-path "$build" \
    --filter "${SANITIZE_FILTER:-$filter}" --skip "$skip" || status=$?
found=$(find "$reports" -type f | wc -l)
if (( found > 0 )); then
    echo "$sanitizer: $found processes have reported something, see $build/reports/:" >&2
    grep -h '^SUMMARY' "$reports"/* | sort | uniq -c >&2
    status=1
fi
exit $status
