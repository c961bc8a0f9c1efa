#!/usr/bin/env bash
# Configures and builds one preset: build.sh dev [target…]. Quiet unless something is wrong or the
# output is a terminal.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift

log="build/$preset/configure.log"
mkdir -p "build/$preset"
if ! cmake --preset "$preset" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
if [ -t 1 ]; then
  ninja -C "build/$preset" "$@"
else
  echo "building build/$preset: some minutes the first time"
  # --quiet prints compiler output of failures alone.
  start=$SECONDS
  ninja --quiet -C "build/$preset" "$@"
  echo "built build/$preset in $((SECONDS - start)) s"
fi
