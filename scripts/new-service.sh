#!/usr/bin/env bash
# Lays out one more service from templates/service, in the shape that all have, and tells the build,
# the roles, the migrations and the catalog tests of it:
#
#   scripts/new-service.sh asset-log Asset ast
#
# makes kasbah-asset-log, schema asset_log, which keeps assets with ids ast_…. What is left to do by
# hand is in docs/adding-a-service.md.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  echo "$1" >&2
  echo 'usage: scripts/new-service.sh SERVICE RESOURCE PREFIX, such as: asset-log Asset ast' >&2
  exit 1
}
[ $# -eq 3 ] || usage 'three names are needed'
service=$1 Resource=$2 prefix=$3
[[ $service =~ ^[a-z]+(-[a-z]+)*$ ]] || usage "$service: a service is lower-case words with hyphens"
[[ $Resource =~ ^([A-Z][a-z]+)+$ ]] || usage "$Resource: a resource is one CamelCase noun"
[[ $prefix =~ ^[a-z]{2,8}$ ]] || usage "$prefix: an id's prefix is two to eight lower-case letters"

schema=${service//-/_}
package=${service//-/}
Schema=$(sed -E 's/(^|-)([a-z])/\U\2/g' <<<"$service")
resource=$(sed -E 's/([a-z])([A-Z])/\1_\2/g' <<<"$Resource" | tr '[:upper:]' '[:lower:]')
plural=${resource}s

# Nothing is begun that could not be ended.
[ ! -e "services/$schema" ] || usage "services/$schema is there already"
[ ! -e "protos/kasbah/$package" ] || usage "protos/kasbah/$package is there already"
[ "$schema" != "$plural" ] || usage "$plural: the schema and its table need names of their own"
if grep -rqE "KASBAH_DEFINE_ID\((\w*, \"$prefix\"|${Resource}Id,)" libs services; then
  usage "there are ids $prefix or ${Resource}Id already"
fi

fill() {
  mkdir -p "$(dirname "$2")"
  sed -e "s/@service@/$service/g" -e "s/@schema@/$schema/g" -e "s/@package@/$package/g" \
    -e "s/@Schema@/$Schema/g" -e "s/@Resource@/$Resource/g" -e "s/@resource@/$resource/g" \
    -e "s/@plural@/$plural/g" -e "s/@prefix@/$prefix/g" "$1" >"$2"
  made+=("$2")
}
# after_last PATTERN FILE LINE…: puts lines behind the last one that matches, or fails.
after_last() {
  local pattern=$1 file=$2 at
  shift 2
  at=$(grep -n "$pattern" "$file" | tail -1 | cut -d: -f1)
  [ -n "$at" ] || { echo "$file has no line like $pattern" >&2; exit 1; }
  printf '%s\n' "$@" | sed -i "${at}r /dev/stdin" "$file"
}
# The same by a sed script, which has to change something.
change() {
  local before
  before=$(cat "$2")
  sed -i "$1" "$2"
  [ "$before" != "$(cat "$2")" ] || { echo "$2 has no place for: $1" >&2; exit 1; }
}

made=()
from=templates/service to=services/$schema
for file in app.h app.cc config.h config.cc; do fill "$from/$file" "$to/${schema}_$file"; done
for file in CMakeLists.txt main.cc domain/CMakeLists.txt domain/personal_columns.h \
  store/CMakeLists.txt store/migrations.h store/tenant_tables.h rpc/CMakeLists.txt \
  rpc/subject_service.h rpc/subject_service.cc; do
  fill "$from/$file" "$to/$file"
done
for file in domain/resource.h domain/resource.cc domain/resource_test.cc store/resource_store.h \
  store/resource_store.cc rpc/resource_service.h rpc/resource_service.cc \
  rpc/resource_service_pgtest.cc; do
  fill "$from/$file" "$to/${file/resource/$resource}"
done
fill "$from/migrations/0001.sql" "$to/migrations/0001_$schema.sql"
fill "$from/proto/service.proto" "protos/kasbah/$package/v1/$schema.proto"

after_last '^      "kasbah_' libs/postgres/roles.cc "      \"kasbah_$schema\"," \
  "      \"kasbah_${schema}_relay\","
after_last '.' protos/CMakeLists.txt \
  "kasbah_proto_library($package GRPC PROTOS kasbah/$package/v1/$schema.proto" \
  '  DEPS kasbah::proto_policy)'
change "s/^foreach(service \(.*\))$/foreach(service \1 $schema)/" services/CMakeLists.txt
change "/^kasbah_library(cli_migrations/,/)$/s/)$/ kasbah::${schema}_store)/" cli/CMakeLists.txt
after_last '^std::vector<postgres::Migration> \w*();' cli/migrations.cc \
  "std::vector<postgres::Migration> $schema();"
change "s/\(&migrations::\w*\)}) {/\1,\n                       \&migrations::$schema}) {/" \
  cli/migrations.cc
for file in tests/catalog/catalog_pgtest.cc tests/catalog/tenant_tables_pgtest.cc; do
  after_last '^#include "services/.*/domain/personal_columns.h"' "$file" \
    "#include \"services/$schema/domain/personal_columns.h\""
  after_last '^  add(.*::kPersonalColumns);' "$file" "  add($package::kPersonalColumns);"
done
after_last '^#include "services/.*/store/tenant_tables.h"' tests/catalog/tenant_tables_pgtest.cc \
  "#include \"services/$schema/store/tenant_tables.h\""
after_last '^      {"kasbah_.*::kTenantTables},' tests/catalog/tenant_tables_pgtest.cc \
  "      {\"kasbah_$schema\", $package::kTenantTables},"

# Names of other lengths break lines elsewhere.
if command -v clang-format >/dev/null; then
  printf '%s\n' "${made[@]}" | grep -E '\.(h|cc)$' | xargs clang-format -i
fi
printf '%s\n' "${made[@]}"
echo "${#made[@]} files; go on with docs/adding-a-service.md"
