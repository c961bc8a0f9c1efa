#!/usr/bin/env bash
# advisories.sh <package list>…: which Debian packages in the images have advisories. Fails where a
# mended version is to be had: the image has to be built anew.
set -euo pipefail
status=0
for list in "$@"; do
  image=$(basename "$list" .packages)
  mended=$(debsecan --suite bookworm --only-fixed --status "$list" --format simple)
  open=$(debsecan --suite bookworm --status "$list" --format simple | sort -u | wc -l)
  if [ -n "$mended" ]; then
    echo "$image: mended versions are to be had for"
    sed 's/^/  /' <<<"$mended"
    status=1
  else
    echo "$image: nothing to take over; $open advisories that Debian has not mended"
  fi
done
exit "$status"
