#!/usr/bin/env bash
# Makes the base image kasbah-base from Debian's packages and loads it into Docker: for machines
# that reach Debian's mirror and no image registry. It has what the images need, so their builds
# need no network. Needs root, mmdebstrap and a running Docker engine.
set -euo pipefail
cd "$(dirname "$0")"
packages=$(cat runtime.packages tools.packages | paste -sd,)
# Day of the base, not of the build: a layer that is made twice is the same twice.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct -- .)}
export SOURCE_DATE_EPOCH
mmdebstrap --quiet --variant=minbase --include="$packages" \
  --setup-hook='mkdir -p "$1/etc/postgresql-common"' \
  --setup-hook='echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
  bookworm - | docker import --change 'CMD ["/bin/sh"]' - kasbah-base:latest
