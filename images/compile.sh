#!/bin/sh
# compile.sh <folder>: the processes and the command line, as they run in production, without debug
# information. Paths of this machine stay out of them, so that two builds are equal.
set -eu
export CXXFLAGS="-ffile-prefix-map=$PWD=."
cmake --preset release >/dev/null
processes='kasbah kasbah-audit kasbah-auth kasbah-csi-provider kasbah-tenant-data kasbah-vault
  kasbah-webhook kasbah-witness'
# shellcheck disable=SC2086 # a list
ninja --quiet -C build/release $processes
mkdir -p "$1"
for process in $processes; do
  objcopy --strip-all "build/release/bin/$process" "$1/$process"
done
