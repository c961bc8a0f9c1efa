#!/usr/bin/env bash
# deploy.sh <environment>: brings the release to what deploy/<environment> says. An upgrade that
# does not become ready goes back by itself; one that does, but then fails its calls, is taken back
# here. Ends with 0 only if what was asked for runs and answered.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$1
release=kasbah
namespace=${KASBAH_NAMESPACE:-kasbah}
values=deploy/$environment/values.yaml
images=deploy/$environment/images.json
aws=deploy/$environment/aws.json
for file in "$values" "$images" "$aws"; do
  if [ ! -f "$file" ]; then
    echo "$file is absent: nothing says what to deploy (images.json: scripts/pin-images.sh; aws.json: terraform output)"
    exit 1
  fi
done

# The newest revision in a state, empty where there is none.
revision() {
  helm history "$release" --namespace "$namespace" --output json 2>/dev/null |
    jq -r --arg state "$1" 'map(select(.status | startswith($state)) | .revision) | max // empty' || true
}

# Somebody's upgrade was cut off half way: helm refuses the next one until it is over.
working=$(revision deployed)
if [ -n "$(revision pending)" ] && [ -n "$working" ]; then
  echo "An upgrade was cut off: back to revision $working first"
  helm rollback "$release" "$working" --namespace "$namespace" --wait --timeout 15m
  working=$(revision deployed)
fi

helm upgrade "$release" helm/kasbah --install --namespace "$namespace" \
  --values "$values" --values "$aws" --values "$images" --atomic --wait --timeout 20m --history-max 20

if helm test "$release" --namespace "$namespace" --logs --timeout 10m; then
  echo "$environment runs what deploy/$environment says"
  exit 0
fi
if [ -z "$working" ]; then
  echo "The calls failed, and there is no earlier revision to go back to"
  exit 1
fi
echo "The calls failed: back to revision $working"
helm rollback "$release" "$working" --namespace "$namespace" --wait --timeout 20m
exit 1
