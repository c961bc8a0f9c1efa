#!/usr/bin/env bash
# Runs the tour twice on one directory and then looks for processes left behind: tour_twice.sh KASBAH
set -euo pipefail
kasbah=$1
source "$(dirname "$0")/left_behind.sh"
directory=$(mktemp -d "/tmp/kasbah tour XXXXXX")
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"

for run in first second; do
  echo "the $run tour"
  "$kasbah" dev tour --directory "$directory/demo"
done

! left_behind "$directory/demo"
