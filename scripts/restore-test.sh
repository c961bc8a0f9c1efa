#!/usr/bin/env bash
# restore-test.sh run <database>: restores an RDS instance to minutes ago, beside itself; the
# chart's own dump job then dumps the copy, and its restore test opens that dump and checks
# row-level security and every trail on it. restore-test.sh clean <database> deletes the copy.
set -euo pipefail
verb=$1 database=$2
copy=$database-restore-test
release=kasbah
namespace=${KASBAH_NAMESPACE:-kasbah}

clean() {
  aws rds describe-db-instances --db-instance-identifier "$copy" >/dev/null 2>&1 || return 0
  aws rds delete-db-instance --db-instance-identifier "$copy" \
    --skip-final-snapshot --delete-automated-backups >/dev/null
  aws rds wait db-instance-deleted --db-instance-identifier "$copy"
  echo "$copy is deleted"
}

# Makes the copy and says where it answers.
restore() {
  local source groups
  source=$(aws rds describe-db-instances --db-instance-identifier "$database" --query 'DBInstances[0]')
  mapfile -t groups < <(jq -r '.VpcSecurityGroups[].VpcSecurityGroupId' <<<"$source")
  aws rds restore-db-instance-to-point-in-time --use-latest-restorable-time \
    --source-db-instance-identifier "$database" --target-db-instance-identifier "$copy" \
    --db-subnet-group-name "$(jq -r '.DBSubnetGroup.DBSubnetGroupName' <<<"$source")" \
    --db-parameter-group-name "$(jq -r '.DBParameterGroups[0].DBParameterGroupName' <<<"$source")" \
    --vpc-security-group-ids "${groups[@]}" \
    --no-multi-az --no-publicly-accessible --no-deletion-protection >/dev/null
  aws rds wait db-instance-available --db-instance-identifier "$copy"
  aws rds describe-db-instances --db-instance-identifier "$copy" \
    --query 'DBInstances[0].Endpoint.Address' --output text
}

# with <cron job> <job> [jq expression]: one run of a job of the chart's, changed a little.
with() {
  local from=$1 job=$2 change=${3:-.}
  kubectl --namespace "$namespace" create job "$job" --from="cronjob/$from" --dry-run=client --output json |
    jq "$change" | kubectl --namespace "$namespace" create --filename - >/dev/null
  if ! kubectl --namespace "$namespace" wait "job/$job" --for=condition=complete --timeout=90m; then
    kubectl --namespace "$namespace" logs "job/$job" --all-containers --tail=200
    echo "$job did not end well"
    return 1
  fi
  kubectl --namespace "$namespace" logs "job/$job" --all-containers --tail=20
}

case $verb in
  clean) clean ;;
  run)
    # What an earlier run may have left.
    clean
    host=$(restore)
    echo "$copy answers at $host"
    now=$(date -u +%Y%m%d%H%M%S)
    # Both find the dump below a prefix of its own, not among the real ones.
    prefix='(.spec.template.spec.containers[].env[] | select(.name == "KASBAH_PREFIX") | .value)
      = "restore-test"'
    other='(.spec.template.spec.containers[].env[] | select(.name == "KASBAH_DSN") | .value)
      |= sub("host=[^ ]+"; "host='$host'")'
    with "$release-backup" "restore-test-dump-$now" "$prefix | $other"
    with "$release-restore-test" "restore-test-$now" "$prefix"
    ;;
  *)
    echo 'restore-test.sh run|clean <database>'
    exit 1
    ;;
esac
