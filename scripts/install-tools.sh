#!/usr/bin/env bash
# Installs check tools that Debian does not package into .tools/. Checks whose tool is absent are
# skipped by name, so nothing depends on this.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .tools
if command -v npm >/dev/null; then
  npm install --silent --no-fund --no-audit --prefix .tools @bufbuild/buf@1.75.0
  ln -sf node_modules/.bin/buf .tools/buf
  .tools/node_modules/.bin/buf --version
else
  echo 'buf: skipped, npm is not installed'
fi
