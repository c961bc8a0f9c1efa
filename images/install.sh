#!/bin/sh
# install.sh <list of packages>: installs those that the base image does not have, and leaves no
# cache.
set -eu
missing=
for package in $(cat "$1"); do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0
# No cluster of Debian's own where postgresql is among them.
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
apt-get update -qq
# shellcheck disable=SC2086 # a list
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
rm -rf /var/lib/apt/lists /var/cache/apt /var/log/apt /var/log/dpkg.log
