#!/usr/bin/env bash
# Runs the benchmarks of the release build in a directory of their own, removed afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$(mktemp -d /tmp/kasbah-bench-XXXXXX)
chmod 755 "$directory"
trap 'rm -rf "$directory"' EXIT
build/release/bin/kasbah_bench "$directory/installation"
