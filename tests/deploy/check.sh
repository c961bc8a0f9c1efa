#!/usr/bin/env bash
# check.sh "tool tool" command…: runs one check at the repository's root with the tools of `make
# tools` in reach. A check whose tool is absent says which, and ends with 77: ctest calls that
# skipped.
set -uo pipefail
cd "$(dirname "$0")/../.."
export PATH=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}/bin:$PATH
for tool in $1; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool is not installed (make tools)"
    exit 77
  fi
done
shift
exec "$@"
