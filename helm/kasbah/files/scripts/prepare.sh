# Copies files to where the process alone can read them, and makes the directory that its replicas
# share: the kubelet mounts Secrets as links that a group may read, and volumes as root's.
set -eu
files=${KASBAH_FILES:-/run/kasbah/files}
sources=${KASBAH_SECRET_FILES:-/run/kasbah/secret-files}
storage=${KASBAH_STORAGE:-/var/lib/kasbah}

if [ -d "$sources" ]; then
  for source in "$sources"/*; do
    install -m 0600 "$source" "$files/$(basename "$source")"
  done
fi
if [ -d "$storage" ]; then
  mkdir -p "$storage/data"
  chmod 0700 "$storage/data"
fi
