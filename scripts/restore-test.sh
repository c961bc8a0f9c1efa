#!/usr/bin/env bash
# restore-test.sh run <database>: restores an RDS instance to minutes ago, beside itself, and has the
# chart's restore test check the copy. restore-test.sh clean <database> deletes the copy.
set -euo pipefail
verb=$1 database=$2
copy=$database-restore-test
namespace=${KASBAH_NAMESPACE:-kasbah}

clean() {
  aws rds describe-db-instances --db-instance-identifier "$copy" >/dev/null 2>&1 || return 0
  aws rds delete-db-instance --db-instance-identifier "$copy" \
    --skip-final-snapshot --delete-automated-backups >/dev/null
  aws rds wait db-instance-deleted --db-instance-identifier "$copy"
  echo "$copy is deleted"
}

if [ "$verb" = clean ]; then
  clean
  exit 0
fi

# What an earlier run may have left.
clean
source=$(aws rds describe-db-instances --db-instance-identifier "$database" --query 'DBInstances[0]')
mapfile -t groups < <(jq -r '.VpcSecurityGroups[].VpcSecurityGroupId' <<<"$source")
aws rds restore-db-instance-to-point-in-time --use-latest-restorable-time \
  --source-db-instance-identifier "$database" --target-db-instance-identifier "$copy" \
  --db-subnet-group-name "$(jq -r '.DBSubnetGroup.DBSubnetGroupName' <<<"$source")" \
  --db-parameter-group-name "$(jq -r '.DBParameterGroups[0].DBParameterGroupName' <<<"$source")" \
  --vpc-security-group-ids "${groups[@]}" \
  --no-multi-az --no-publicly-accessible --no-deletion-protection >/dev/null
aws rds wait db-instance-available --db-instance-identifier "$copy"
host=$(aws rds describe-db-instances --db-instance-identifier "$copy" \
  --query 'DBInstances[0].Endpoint.Address' --output text)
echo "$copy answers at $host"

# The chart's own job, told to look at this copy instead of making one from a dump.
job=restore-test-$(date -u +%Y%m%d%H%M%S)
kubectl --namespace "$namespace" create job "$job" --from=cronjob/kasbah-restore-test \
  --dry-run=client --output json |
  jq --arg host "$host" \
    '.spec.template.spec.containers[].env += [{name: "KASBAH_RESTORED_HOST", value: $host}]' |
  kubectl --namespace "$namespace" create --filename -
if ! kubectl --namespace "$namespace" wait "job/$job" --for=condition=complete --timeout=60m; then
  kubectl --namespace "$namespace" logs "job/$job" --all-containers --tail=200
  exit 1
fi
kubectl --namespace "$namespace" logs "job/$job" --all-containers --tail=20
