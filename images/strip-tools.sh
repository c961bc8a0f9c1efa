#!/bin/sh
# Takes out of the tools image's root what its jobs never use: package managers, caches, logs, keys
# that a package made for this one machine. What is left is as old as SOURCE_DATE_EPOCH says.
set -eu
install -m 0644 /images/image.passwd /etc/passwd
install -m 0644 /images/image.group /etc/group
/images/sbom.sh kasbah-tools /
rm -rf /usr/bin/apt* /usr/lib/apt /usr/bin/dpkg* /usr/sbin/dpkg* /usr/lib/dpkg /var/lib/apt /var/cache/* \
  /var/log/* /var/backups/* /etc/ssl/private/* /etc/ssl/certs/ssl-cert-snakeoil.pem /etc/machine-id \
  /etc/shadow* /etc/gshadow* /etc/passwd- /etc/group- /images /var/lib/postgresql /run/* /usr/share/man
find / -xdev -not -path '/proc*' -not -path '/sys*' -not -path '/dev*' \
  -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} + 2>/dev/null || true
