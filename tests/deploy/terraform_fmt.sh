#!/usr/bin/env bash
# Every Terraform file as `terraform fmt` writes it, and every checkov skip with its reason beside
# it.
set -uo pipefail
# The machine's own settings for the command line are not this repository's.
unset TF_CLI_CONFIG_FILE
status=0
terraform fmt -check -recursive -diff terraform || status=1
if grep -rnE 'checkov:skip=[A-Z0-9_]+(\s*$|:\s*$)' terraform; then
  echo 'a check is skipped, and nobody says why'
  status=1
fi
exit "$status"
