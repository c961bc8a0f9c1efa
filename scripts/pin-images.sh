#!/usr/bin/env bash
# pin-images.sh <environment> <run>: writes the digests that one run of the images workflow pushed
# into deploy/<environment>/images.json. Commit the difference: that is the deployment.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$1 run=$2
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
gh run download "$run" --name images --dir "$download"
jq -f scripts/image-values.jq "$download/images.json" >"deploy/$environment/images.json"
git --no-pager diff --stat -- "deploy/$environment"
