#!/usr/bin/env bash
# What templates/service makes, compiled and tested: in a copy of the sources below build/template,
# which is kept so that the next time compiles only what changed.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=build/template
mkdir -p "$copy"
rm -rf "$copy/services/asset_log" "$copy/protos/kasbah/assetlog"
# With their times, by which ninja knows what changed.
tar -c CMakeLists.txt CMakePresets.json cli cmake libs protos scripts services templates tests |
  tar -x -C "$copy"
cd "$copy"
scripts/new-service.sh asset-log Asset ast >/dev/null
tests=(asset_log_domain_test asset_log_rpc_pgtest catalog_pgtest tenant_tables_pgtest)
scripts/build.sh dev kasbah-asset-log "${tests[@]}"
for test in "${tests[@]}"; do build/dev/bin/"$test" --gtest_brief=1; done
build/dev/bin/kasbah-asset-log --version
