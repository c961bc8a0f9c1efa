#!/usr/bin/env bash
# What Terraform puts out for the chart is what the chart takes: the planned output of
# stacks/workload, beside each environment's values and an image list, against the chart's strict
# schema.
set -uo pipefail
if [ ! -f helm/kasbah/Chart.yaml ]; then
  echo 'skipped: helm/kasbah is not here'
  exit 77
fi
. tests/deploy/terraform_tree.sh
init stacks/workload || exit 1
terraform -chdir="$tree/stacks/workload" test -json -verbose >"$work/plan.json" 2>"$work/log" ||
  { cat "$work/log" "$work/plan.json"; exit 1; }
jq -sce '[.[] | select(.type == "test_plan") | .test_plan.output_changes.chart_values.after] | map(values) | first' \
  "$work/plan.json" >"$work/aws.json" || { echo 'the plan has no chart_values'; exit 1; }

# What scripts/pin-images.sh makes of a run of the images workflow.
digest=sha256:$(printf 'f%.0s' {1..64})
jq -n --arg digest "$digest" '[("audit", "auth", "csi-provider", "tenant-data", "tools", "vault", "webhook", "witness")
  | {name: ., repository: "registry.example/kasbah-\(.)", digest: $digest}]' |
  jq -f scripts/image-values.jq >"$work/images.json" || exit 1

status=0
for values in deploy/*/values.yaml; do
  environment=$(basename "$(dirname "$values")")
  if helm template kasbah helm/kasbah --namespace kasbah --kube-version 1.34 --values "$values" \
      --values "$work/aws.json" --values "$work/images.json" >"$work/manifests" 2>"$work/log"; then
    grep -q "kasbah-vault@$digest" "$work/manifests" ||
      { echo "$environment: the vault's image is not the one that was pinned"; status=1; }
    grep -q 'eks.amazonaws.com/role-arn' "$work/manifests" ||
      { echo "$environment: no service account has its role"; status=1; }
  else
    echo "$environment:"
    cat "$work/log"
    status=1
  fi
done
exit "$status"
