# an upgrade is interrupted half way: no call fails, and a rollback or the next upgrade ends it
# shellcheck shell=bash
load kasbah
# Settings no process would start with: the first new pod never becomes ready, and the old ones stay.
chart upgrade kasbah --wait --set services.webhook.settings.no_such_setting=1 >/dev/null 2>&1 &
upgrade=$!
new_pod_fails() {
  kubectl -n kasbah get pods -l app.kubernetes.io/component=webhook \
    -o jsonpath='{.items[*].status.containerStatuses[*].state.waiting.reason}' | grep -qE 'CrashLoopBackOff|Error'
}
until_true 120 new_pod_fails || fail 'a process took a setting that does not exist'
# As a machine that dies would: helm leaves the release as pending-upgrade.
{
  pkill -KILL --parent "$upgrade" || true
  wait "$upgrade" || true
} 2>/dev/null
helm status kasbah --namespace kasbah | grep -q 'STATUS: pending-upgrade' || fail 'the upgrade was not interrupted'
helm rollback kasbah --namespace kasbah --wait --timeout 10m || fail 'the interrupted upgrade cannot be rolled back'
until_true 120 ready kasbah || fail 'after the rollback, not every pod is ready'
chart upgrade kasbah --wait || fail 'after the rollback, an upgrade does not become ready'
no_call_failed kasbah 'an upgrade that was interrupted, its rollback, the next upgrade'
