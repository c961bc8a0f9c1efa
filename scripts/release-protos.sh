#!/usr/bin/env bash
# Keeps the protos of a release as a descriptor image, protos/released/VERSION.binpb, which later
# changes are held against (tests/deploy/proto_breaking_check). Without VERSION: that of
# CMakeLists.txt. What a tag has named is never written again; before that the image may be.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}/bin:$PATH

version=${1:-$(sed -n 's/^project(kasbah VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)}
if ! [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
  echo "\"$version\" is no version like 1.2.3" >&2
  exit 1
fi
if ! command -v buf >/dev/null; then
  echo 'buf is not installed (make tools)' >&2
  exit 1
fi
image=protos/released/$version.binpb
if [ -e "$image" ] && git rev-parse --quiet --verify "refs/tags/v$version" >/dev/null; then
  echo "$image is what v$version promised; raise the version in CMakeLists.txt" >&2
  exit 1
fi
mkdir -p protos/released
# Comments are no promise, and four fifths of the image.
buf build --exclude-source-info -o "$image"
echo "$image: $(stat -c %s "$image") bytes"
