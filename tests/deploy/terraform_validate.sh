#!/usr/bin/env bash
# Every state of every environment, and with it every module, against the AWS provider's schema.
set -uo pipefail
. tests/deploy/terraform_tree.sh
status=0
for folder in terraform/environments/*/*/; do
  name=${folder#terraform/} name=${name%/}
  init "$name" && terraform -chdir="$tree/$name" validate -no-color >"$work/log" 2>&1 || {
    echo "$name:"
    cat "$work/log"
    status=1
  }
done
exit "$status"
