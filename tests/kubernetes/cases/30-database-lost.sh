# PostgreSQL is lost: processes wait for it without a restart, and serve again when it is back
# shellcheck shell=bash
before=$(restarts kasbah)
kubectl -n kasbah scale deployment/postgres --replicas=0 >/dev/null
kubectl -n kasbah wait pod -l app=postgres --for=delete --timeout=2m >/dev/null
load_fails() { ! helm test kasbah --namespace kasbah --timeout 2m; }
until_true 60 load_fails || fail 'calls are answered without a database'
# Longer than six failed probes of liveness, ten seconds apart.
restarted() { [ "$(restarts kasbah)" != "$before" ]; }
! until_true 75 restarted || fail 'processes were restarted because PostgreSQL was away'
kubectl -n kasbah scale deployment/postgres --replicas=1 >/dev/null
kubectl -n kasbah rollout status deployment/postgres --timeout=3m >/dev/null
back=$SECONDS
until_true 180 ready kasbah || fail 'processes are not ready though PostgreSQL is back'
helm test kasbah --namespace kasbah --timeout 5m >/dev/null || fail 'calls fail though PostgreSQL is back'
say "calls are answered $((SECONDS - back)) s after PostgreSQL was"
! restarted || fail 'processes were restarted when PostgreSQL was back'
