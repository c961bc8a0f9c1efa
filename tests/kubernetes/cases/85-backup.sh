# a dump is made and encrypted, and the restore test proves it on a copy, as the schedule would have it
# shellcheck shell=bash
docker run --rm --entrypoint age-keygen "$registry/kasbah-tools:$tag" >"$work/identity" 2>/dev/null
secret kasbah backup-identity --from-file=identity="$work/identity"
kubectl -n kasbah create configmap backup-recipients \
  --from-literal=recipients="$(sed -n 's/^# public key: //p' "$work/identity")" >/dev/null
chart upgrade kasbah --wait --set backup.dump.enabled=true,backup.dump.recipientsConfigMap=backup-recipients \
  --set backup.dump.claim.size=1Gi,backup.restoreTest.size=1Gi \
  --set backup.restoreTest.enabled=true,backup.restoreTest.identitySecret=backup-identity ||
  fail 'the upgrade that backs up did not become ready'
for job in backup restore-test; do
  kubectl -n kasbah create job "$job-now" --from="cronjob/kasbah-$job" >/dev/null
  until_true 300 kubectl -n kasbah wait "job/$job-now" --for=condition=Complete --timeout=5s ||
    { kubectl -n kasbah logs "job/$job-now" --all-containers; fail "$job did not end well"; }
  kubectl -n kasbah logs "job/$job-now" | tail -n 3
done
