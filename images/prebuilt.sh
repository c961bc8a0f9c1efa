#!/usr/bin/env bash
# prebuilt.sh BINARIES REGISTRY TAG: every image, REGISTRY/kasbah-<process>:TAG, from binaries that are there,
# with the base image of local-base.sh: for machines that reach no image registry. Needs a Docker engine.
set -euo pipefail
binaries=$(realpath "$1") registry=$2 tag=$3
cd "$(dirname "$0")/.."
# A client of 23 or newer builds with a plugin, which Debian's does not need.
docker=docker
docker buildx version >/dev/null 2>&1 || docker=/usr/bin/docker
processes='audit auth csi-provider tenant-data vault webhook witness'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/binaries"
cp -r images "$work/"
objcopy --strip-all "$binaries/kasbah" "$work/binaries/kasbah"
for process in $processes; do objcopy --strip-all "$binaries/kasbah-$process" "$work/binaries/kasbah-$process"; done
for target in $processes tools; do
  DOCKER_BUILDKIT=1 "$docker" build --quiet --network none --file "$work/images/Dockerfile" \
    --build-arg BASE=kasbah-base:latest --build-arg BINARIES=prebuilt \
    --target "$target" --tag "$registry/kasbah-$target:$tag" "$work"
done
