#!/usr/bin/env bash
# `terraform test` of every module and stack, the cloud mocked.
set -uo pipefail
. tests/deploy/terraform_tree.sh
status=0 runs=0
for folder in terraform/modules/*/ terraform/stacks/*/; do
  name=${folder#terraform/} name=${name%/}
  if init "$name" && terraform -chdir="$tree/$name" test -no-color >"$work/log" 2>&1; then
    runs=$((runs + $(sed -nE 's/^Success! ([0-9]+) passed.*/\1/p' "$work/log")))
  else
    echo "$name:"
    cat "$work/log"
    status=1
  fi
done
[ "$status" -eq 0 ] && echo "$runs runs passed"
exit "$status"
