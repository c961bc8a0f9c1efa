#!/usr/bin/env bash
# verify-images.sh <images.json> <identity>: every image is named by digest, and its signature and
# its SBOM's were made by that workflow, whoever pushed it.
set -euo pipefail
images=$1 identity=$2
registry=$(jq -er .image.registry "$images")
aws ecr get-login-password | docker login --username AWS --password-stdin "${registry%%/*}" >/dev/null

jq -er '.image.digests | to_entries[] | "\(.key) \(.value)"' "$images" | while read -r name digest; do
  if [[ ! $digest =~ ^sha256:[0-9a-f]{64}$ ]]; then
    echo "$name: \"$digest\" is not a digest"
    exit 1
  fi
  for verb in verify 'verify-attestation --type cyclonedx'; do
    # shellcheck disable=SC2086 # a verb and its option
    cosign $verb --certificate-identity "$identity" \
      --certificate-oidc-issuer https://token.actions.githubusercontent.com \
      "$registry/kasbah-$name@$digest" >/dev/null
  done
  echo "$name: $digest is signed by $identity"
done
