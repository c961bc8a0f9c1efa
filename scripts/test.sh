#!/usr/bin/env bash
# Runs the tests of one preset and closes with "N passed, N failed, N skipped". Sanitizer presets run
# the unit and PostgreSQL tests; dev runs everything but what kills the system again and again, which
# is `test.sh soak`.
set -uo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
filter=(--label-exclude soak)
if [ "$preset" = soak ]; then
  preset=dev filter=(--label-regex soak)
fi
build="build/$preset"

# Published test vectors, where this checkout has them beside it.
if [ -z "${KASBAH_VECTORS:-}" ] && [ -d ../shared/vectors ]; then
  KASBAH_VECTORS=$(cd ../shared/vectors && pwd)
fi
# Empty is not a folder: tests skip by name where there is none.
if [ -n "${KASBAH_VECTORS:-}" ]; then export KASBAH_VECTORS; else unset KASBAH_VECTORS; fi

case "$preset" in
  asan-ubsan) filter=(--label-exclude whole-system)
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ;;
  tsan) filter=(--label-exclude whole-system)
    export TSAN_OPTIONS=halt_on_error=1:suppressions=$PWD/tests/tsan-suppressions.txt ;;
esac

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
GTEST_OUTPUT="xml:$reports/" ctest --test-dir "$build" --output-on-failure -j 2 \
  --output-junit "$reports/ctest.junit" "${filter[@]}" "$@"
status=$?

passed=0 failed=0 skipped=0
for report in "$reports"/*.xml; do
  [ -e "$report" ] || continue
  read -r total bad skip < <(awk '
    /<testsuites /{match($0,/tests="[0-9]+"/); t=substr($0,RSTART+7,RLENGTH-8)
      match($0,/failures="[0-9]+"/); f=substr($0,RSTART+10,RLENGTH-11)}
    /result="skipped"/{s++}
    END{print t+0, f+0, s+0}' "$report")
  failed=$((failed + bad)); skipped=$((skipped + skip)); passed=$((passed + total - bad - skip))
done
# Checks that are no binaries of GoogleTest's: one each.
while read -r verdict; do
  case $verdict in
    run) passed=$((passed + 1)) ;;
    fail) failed=$((failed + 1)) ;;
    *) skipped=$((skipped + 1)) ;;
  esac
done < <(sed -nE 's/.*<testcase name="deploy\.[^"]*".* status="([a-z]+)".*/\1/p' "$reports/ctest.junit")
# And why each that was skipped was.
grep -h '^skipped: ' "$build/Testing/Temporary/LastTest.log" | sort -u
# A binary that crashed wrote no report: ctest's verdict counts it.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
