#!/usr/bin/env bash
# Installs what Kasbah is built with and runs on, from Debian's packages. Does nothing, quickly, when
# everything is there. `--check` only says what is missing.
set -euo pipefail

packages=(
  # compiler and build
  g++ cmake ninja-build ccache mold pkg-config
  # libraries
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev
  libpqxx-dev libpq-dev libssl-dev libspdlog-dev libfmt-dev libyaml-cpp-dev libcli11-dev
  libre2-dev libgumbo-dev libidn2-dev libpsl-dev libicu-dev libmagic-dev libarchive-dev libc-ares-dev
  libp11-kit-dev libcurl4-openssl-dev nlohmann-json3-dev libboost1.81-dev libmimalloc-dev
  libgtest-dev libgmock-dev
  # what the tour and the tests run against
  postgresql-15 openssl ca-certificates iso-codes softhsm2 dnsmasq-base rsyslog rsyslog-openssl age
  # what reads the protos for the chart's checks
  python3-protobuf
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if [ "${1:-}" = --check ]; then
  printf 'missing: %s\n' "${missing[*]}"
  exit 1
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    printf 'Run this as root, or install sudo, to get: %s\n' "${missing[*]}" >&2
    exit 1
  fi
  sudo=(sudo)
fi

printf 'Installing %d Debian packages: %s\n' "${#missing[@]}" "${missing[*]}"
# Debian starts a PostgreSQL cluster of its own on installation; Kasbah brings its own and wants none.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  "${sudo[@]}" mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' | "${sudo[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
