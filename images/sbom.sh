#!/bin/sh
# sbom.sh <name> <root>: says what is in <root>, by asking dpkg which package each file is of:
# usr/share/kasbah/sbom.cdx.json (CycloneDX 1.5), var/lib/dpkg/status.d for scanners, and each
# package's licence.
set -eu
name=$1 root=$2
share=$root/usr/share/kasbah
mkdir -p "$share" "$root/var/lib/dpkg/status.d"

if [ "$root" = / ]; then
  dpkg-query --show --showformat='${binary:Package}\n'
else
  # dpkg knows most files by their name before /lib became /usr/lib.
  (cd "$root" && find . \( -type f -o -type l \) | sed 's/^\.//') | while read -r file; do
    # It fails when it does not know one of two names; what counts is whether it knows any.
    owner=$(dpkg-query --search "$file" "${file#/usr}" 2>/dev/null || true)
    if [ -n "$owner" ]; then
      echo "$owner"
    elif [ ! -L "$root$file" ]; then
      # A library of no package would be in no list; other files are ours.
      case $file in
        *.so | *.so.*) echo "unknown-$file: nobody's" ;;
      esac
    fi
  done | sed -nE 's/^([^ ,]+): .*/\1/p' # what several share is a folder
fi | sort -u >/tmp/packages
if grep '^unknown-' /tmp/packages; then
  echo "$name: of no package" >&2
  exit 1
fi

for package in $(cat /tmp/packages); do
  plain=${package%%:*}
  dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/$plain"
  echo >>"$root/var/lib/dpkg/status.d/$plain"
  licence=/usr/share/doc/$plain/copyright
  if [ "$root" != / ] && [ -e "$licence" ]; then
    mkdir -p "$root/usr/share/doc/$plain"
    cp -L "$licence" "$root$licence"
  fi
done

# An array's elements, with a comma after each but the last.
commas() { sed '$!s/$/,/'; }
hash() { sha256sum "$1" | cut -d' ' -f1; }

binary=$root/usr/bin/$name
[ -e "$binary" ] || binary=$root/usr/bin/kasbah
version=$("$binary" --version | awk '{print $NF}')
fields='${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n'
packages=$(xargs dpkg-query --show --showformat="$fields" </tmp/packages | awk '{
    version = $2; gsub(/\+/, "%2B", version); gsub(/:/, "%3A", version)
    source = $5; gsub(/\+/, "%2B", source); gsub(/:/, "%3A", source)
    package = $1; gsub(/\+/, "%2B", package)
    purl = "pkg:deb/debian/" package "@" version "?arch=" $3 "&distro=debian-12&upstream=" $4 "@" source
    printf "    {\"type\": \"library\", \"bom-ref\": \"%s\", \"name\": \"%s\", ", purl, $1
    printf "\"version\": \"%s\", \"purl\": \"%s\"}\n", $2, purl
  }' | commas)
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
# Named after its contents, so that the same image has the same document.
serial=$(printf '%s%s' "$packages" "$(hash "$binary")" | sha256sum |
  sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-5\3-a\4-\5/')
cat >"$share/sbom.cdx.json" <<JSON
{
  "bomFormat": "CycloneDX",
  "specVersion": "1.5",
  "serialNumber": "urn:uuid:$serial",
  "version": 1,
  "metadata": {
    "timestamp": "$created",
    "component": {
      "type": "application", "bom-ref": "$name", "name": "$name", "version": "$version",
      "licenses": [{"license": {"id": "Apache-2.0"}}],
      "hashes": [{"alg": "SHA-256", "content": "$(hash "$binary")"}]
    }
  },
  "components": [
$packages
  ]
}
JSON
rm /tmp/packages
