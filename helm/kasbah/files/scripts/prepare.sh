# Makes the directory that replicas share, for the process alone: the kubelet mounts volumes as root's.
set -eu
storage=${KASBAH_STORAGE:-/var/lib/kasbah}
mkdir -p "$storage/data"
chmod 0700 "$storage/data"
