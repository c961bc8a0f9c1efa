# One dump by the role kasbah_backup, which sees every tenant's rows and may change none, encrypted on its
# way out. It is in place under its name only when it is whole.
set -eu
# A pipe's status is its last command's in this shell: each part says itself that it failed.
work=${KASBAH_WORK:-/tmp}
name=kasbah-$(date -u +%Y%m%dT%H%M%SZ).dump.age
rm -f "$work/failed"

dump() {
  PGPASSWORD=$(cat "$KASBAH_PASSWORD_FILE") pg_dump --format=custom --compress=6 \
    "$KASBAH_DSN" || touch "$work/failed"
}
encrypt() { age --encrypt --recipients-file "$KASBAH_RECIPIENTS" || touch "$work/failed"; }

if [ -n "${KASBAH_BUCKET:-}" ]; then
  target=:s3:$KASBAH_BUCKET/$KASBAH_PREFIX
  dump | encrypt | rclone rcat "$target/$name.part" || touch "$work/failed"
  if [ -e "$work/failed" ]; then
    rclone deletefile "$target/$name.part" || true
    echo 'the dump failed; nothing was kept of it' >&2
    exit 1
  fi
  rclone moveto "$target/$name.part" "$target/$name"
  rclone delete --min-age "${KASBAH_KEEP_DAYS}d" --include 'kasbah-*.dump.age' "$target"
else
  target=$KASBAH_BACKUPS
  dump | encrypt >"$target/$name.part" || touch "$work/failed"
  if [ -e "$work/failed" ]; then
    rm -f "$target/$name.part"
    echo 'the dump failed; nothing was kept of it' >&2
    exit 1
  fi
  sync "$target/$name.part"
  mv "$target/$name.part" "$target/$name"
  # Only now, when there is one more: those that are past their time, and what failed attempts left.
  find "$target" -name 'kasbah-*.dump.age' -mtime "+$KASBAH_KEEP_DAYS" -delete
  find "$target" -name 'kasbah-*.part' -mtime +1 -delete
fi
echo "$name is kept for $KASBAH_KEEP_DAYS days"
