#!/usr/bin/env bash
# verify-images.sh <images.json> <identity>: every image is named by digest, and its signature and its
# provenance were made by that workflow, whoever pushed it.
set -euo pipefail
images=$1 identity=$2
issuer=https://token.actions.githubusercontent.com

jq -r '.images | to_entries[] | "\(.key) \(.value.repository) \(.value.digest)"' "$images" >/dev/null
while read -r name repository digest; do
  if [[ ! $digest =~ ^sha256:[0-9a-f]{64}$ ]]; then
    echo "$name: \"$digest\" is not a digest"
    exit 1
  fi
  aws ecr get-login-password |
    docker login --username AWS --password-stdin "${repository%%/*}" >/dev/null
  cosign verify --certificate-identity "$identity" --certificate-oidc-issuer "$issuer" \
    "$repository@$digest" >/dev/null
  cosign verify-attestation --type cyclonedx --certificate-identity "$identity" \
    --certificate-oidc-issuer "$issuer" "$repository@$digest" >/dev/null
  echo "$name: $digest is signed by $identity"
done < <(jq -r '.images | to_entries[] | "\(.key) \(.value.repository) \(.value.digest)"' "$images")
