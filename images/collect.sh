#!/bin/sh
# collect.sh <binaries> <folder>: the root filesystem of each process's image in <folder>/<process>:
# the binary, what it loads, and what its libraries read. Everything is as old as SOURCE_DATE_EPOCH
# says.
set -eu
binaries=$1 folder=$2

# Data that libraries open by themselves.
certificates='/etc/ssl/certs/ca-certificates.crt /etc/ssl/openssl.cnf'
magic='/usr/lib/file/magic.mgc /usr/share/misc/magic.mgc /etc/magic'

# Copies a file under its own name, and what that name stands for.
take() {
  file=$1 root=$2
  [ -e "$root$file" ] || [ -L "$root$file" ] || {
    mkdir -p "$root$(dirname "$file")"
    cp -a "$file" "$root$file"
  }
  if [ -L "$file" ]; then take "$(readlink -f "$file")" "$root"; fi
}

for binary in "$binaries"/kasbah-*; do
  process=$(basename "$binary")
  root=$folder/$process
  mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/etc"
  # /lib is /usr/lib, as Debian has it.
  ln -s usr/lib "$root/lib"
  ln -s usr/lib64 "$root/lib64"
  install -m 0755 "$binary" "$root/usr/bin/$process"
  # Names with and without => and the loader itself.
  ldd "$binary" >/tmp/loads
  if grep 'not found' /tmp/loads; then
    echo "$process: a library is in no package of images/runtime.packages" >&2
    exit 1
  fi
  sed -nE 's/^\s*(\S+ => )?(\/\S+) \(0x.*$/\2/p' /tmp/loads | while read -r library; do
    case $library in
      /lib/* | /lib64/*) library=/usr$library ;;
    esac
    take "$library" "$root"
  done
  for file in $certificates; do take "$file" "$root"; done
  if grep -q libmagic /tmp/loads; then
    for file in $magic; do
      if [ -e "$file" ]; then take "$file" "$root"; fi
    done
  fi
  install -m 0644 /images/image.passwd "$root/etc/passwd"
  install -m 0644 /images/image.group "$root/etc/group"
  # What a volume is mounted on, when there is one: the rest is read-only.
  mkdir -m 1777 "$root/tmp"
  /images/sbom.sh "$process" "$root"
  find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
done
rm /tmp/loads
