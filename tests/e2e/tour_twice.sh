#!/usr/bin/env bash
# Runs the tour twice on one directory and then looks for processes left behind: tour_twice.sh KASBAH
set -euo pipefail
kasbah=$1
directory=$(mktemp -d "/tmp/kasbah tour XXXXXX")
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"

for run in first second; do
  echo "the $run tour"
  "$kasbah" dev tour --directory "$directory/demo"
done

# Every process of an installation names its directory on its command line.
left=0
for process in /proc/[0-9]*; do
  command=$({ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null) || continue
  if [[ $command == *"$directory/demo"* && ${process#/proc/} != "$$" ]]; then
    echo "left behind: $command" >&2
    left=1
  fi
done
exit "$left"
