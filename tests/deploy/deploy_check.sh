#!/usr/bin/env bash
# scripts/deploy.sh against a helm that notes what it is asked and answers as each case wants.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/tree/scripts" "$work/tree/deploy/staging"
cp scripts/deploy.sh "$work/tree/scripts/"
echo '{}' >"$work/tree/deploy/staging/values.yaml"
cat >"$work/bin/helm" <<'HELM'
#!/usr/bin/env bash
echo "$*" >>"$HELM_CALLS"
case $1 in
  history) cat "$HELM_HISTORY" ;;
  upgrade) exit "${HELM_UPGRADE:-0}" ;;
  test) exit "${HELM_TEST:-0}" ;;
esac
HELM
chmod +x "$work/bin/helm"
export PATH=$work/bin:$PATH HELM_CALLS=$work/calls HELM_HISTORY=$work/history

# run <expected exit status> <expected verbs> <revisions as JSON> [variable=value…]
run() {
  local wanted=$1 verbs=$2 history=$3 status=0
  shift 3
  : >"$HELM_CALLS"
  echo "$history" >"$HELM_HISTORY"
  env "$@" "$work/tree/scripts/deploy.sh" staging >"$work/out" 2>&1 || status=$?
  local called
  called=$({ grep -v ^history "$HELM_CALLS" || true; } | awk '{print $1 ($1 == "rollback" ? ":" $3 : "")}' | xargs)
  if [ "$status" -ne "$wanted" ] || [ "$called" != "$verbs" ]; then
    echo "with $history $*: ended with $status after \"$called\", not with $wanted after \"$verbs\""
    cat "$work/out"
    exit 1
  fi
}

two='[{"revision": 1, "status": "superseded"}, {"revision": 2, "status": "deployed"}]'
cut_off='[{"revision": 2, "status": "deployed"}, {"revision": 3, "status": "pending-upgrade"}]'

run 1 '' "$two" # nothing says which images
echo '{}' | tee "$work/tree/deploy/staging/images.json" >"$work/tree/deploy/staging/aws.json"
run 0 'upgrade test' "$two"
run 0 'upgrade test' '[]'
run 1 'upgrade' "$two" HELM_UPGRADE=1
run 1 'upgrade test rollback:2' "$two" HELM_TEST=1
run 1 'upgrade test' '[]' HELM_TEST=1
run 0 'rollback:2 upgrade test' "$cut_off"
run 0 'upgrade test' "$two"
grep -q -- '--atomic' "$HELM_CALLS" || { echo 'an upgrade that does not become ready stays'; exit 1; }
echo 'deployments go forward, or back to what worked'
