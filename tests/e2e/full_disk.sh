#!/usr/bin/env bash
# The disk under an installation is full, at the start and in the middle of writes: full_disk.sh KASBAH
#
# The disk is a tmpfs in a mount namespace of its own. Exits 77, which ctest counts as skipped, where
# none can be made.
set -euo pipefail
kasbah=$1

if [ -z "${KASBAH_OWN_NAMESPACE:-}" ]; then
  namespace=(unshare --mount)
  [ "$(id -u)" = 0 ] || namespace=(unshare --mount --map-root-user)
  if ! "${namespace[@]}" mount -t tmpfs tmpfs /mnt 2>/dev/null; then
    echo "no mount namespace can be made here" >&2
    exit 77
  fi
  KASBAH_OWN_NAMESPACE=1 exec "${namespace[@]}" "$0" "$@"
fi

source "$(dirname "$0")/left_behind.sh"
disk=$(mktemp -d /tmp/kasbah-disk-XXXXXX)
home=$disk/.kasbah
output=$(mktemp)
finish() {
  "$kasbah" dev down --directory "$home" >/dev/null 2>&1 || true
  umount "$disk" && rmdir "$disk"
  rm -f "$output"
}
trap finish EXIT
fail() {
  echo "FAILED: $*" >&2
  cat "$output" >&2
  exit 1
}
# A call as the demo tenant; its output is kept.
call() {
  KASBAH_CONFIG=$home/contexts.yaml "$kasbah" --context demo "$@" >"$output" 2>&1
}

echo "too small to start"
mount -t tmpfs -o size=24m,mode=755 tmpfs "$disk"
if "$kasbah" dev up --detach --directory "$home" >"$output" 2>&1; then fail "it started"; fi
grep -q "the disk is full; free some space" "$output" || fail "the error does not say what is wrong"
! left_behind "$home" || fail "a process was left behind"

echo "large enough: the same directory starts"
mount -o remount,size=200m "$disk"
"$kasbah" dev up --detach --directory "$home" >"$output" 2>&1 || fail "it did not start"

call records create --collection notes --values '{"title": "before"}' || fail "it does not work"

echo "full in the middle of writes"
free=$(df --output=avail -B 1M "$disk" | tail -1)
fallocate -l $((free - 4))M "$disk/filler"
body=$(printf 'b%.0s' $(seq 8000))
acknowledged=()
refused=
for i in $(seq 3000); do
  if call records create --collection notes --values "{\"title\": \"$i\", \"body\": \"$body\"}" -o json
  then
    acknowledged+=("$(grep -o 'rec_[0-9a-z]*' "$output" | head -1)")
  else
    refused=$?
    break
  fi
done
[ -n "$refused" ] || fail "${#acknowledged[@]} records went onto a full disk"
[ "${#acknowledged[@]}" -gt 0 ] || fail "no record went onto the disk before it was full"
echo "refused after ${#acknowledged[@]} records:"
cat "$output"
[ "$refused" = 2 ] || fail "exit code $refused"
# A PostgreSQL that hangs over it instead of failing lets the call run into its deadline.
grep -qE "UNAVAILABLE|DEADLINE_EXCEEDED" "$output" || fail "that is not an error to try again on"
grep -q "No space left on device" "$home/postgres/postgres.log" || fail "no log says why"

echo "space again: it recovers by itself and nothing acknowledged is lost"
rm "$disk/filler"
for attempt in $(seq 30); do
  if call records create --collection notes --values '{"title": "after"}'; then break; fi
  [ "$attempt" != 30 ] || fail "it did not recover"
done
for record in "${acknowledged[@]}"; do
  call records get "$record" || fail "$record is lost"
done
"$kasbah" dev down --directory "$home" >"$output" 2>&1 || fail "it did not stop"
! left_behind "$home" || fail "a process was left behind"
