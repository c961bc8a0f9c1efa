#!/usr/bin/env bash
# chart.sh lint|manifests|network|apart: the chart over the matrix of tests/deploy/values.
set -euo pipefail
chart=helm/kasbah
kubernetes=1.34.0
values=tests/deploy/values

# A combination a line: the release's name for it, and its files.
matrix() {
  cat <<'LINES'
minimal minimal.yaml
production production.yaml
trial trial.yaml
witness witness.yaml
gateway minimal.yaml gateway.yaml
LINES
}
render() { # <release> <namespace> <values file>…
  local release=$1 namespace=$2 arguments=()
  shift 2
  for file; do arguments+=(-f "$values/$file"); done
  helm template "$release" "$chart" --kube-version "$kubernetes" -n "$namespace" "${arguments[@]}"
}

case $1 in
  lint)
    while read -r name files; do
      arguments=()
      for file in $files; do arguments+=(-f "$values/$file"); done
      helm lint --strict --quiet --kube-version "$kubernetes" "$chart" "${arguments[@]}" ||
        { echo "$name does not pass helm lint"; exit 1; }
    done < <(matrix)
    ;;
  manifests)
    # Strict decoding by Kubernetes' own types, and its own Pod Security.
    checker=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}/bin/kasbah-manifests
    while read -r name files; do
      # shellcheck disable=SC2086
      render "$name" "of-$name" $files >"${TMPDIR:-/tmp}/manifests.$$"
      echo -n "$name: "
      "$checker" -privileged "$name-kasbah-csi" <"${TMPDIR:-/tmp}/manifests.$$" || { rm "${TMPDIR:-/tmp}/manifests.$$"; exit 1; }
      rm "${TMPDIR:-/tmp}/manifests.$$"
    done < <(matrix)
    ;;
  network)
    # Who reaches whom through the NetworkPolicies, by their own rules, against what was looked at.
    checker=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}/bin/kasbah-manifests
    render k prod production.yaml | "$checker" -privileged k-kasbah-csi -matrix |
      diff -u "$values/production.reach" - ||
      { echo 'the NetworkPolicies let others through than tests/deploy/values/production.reach says'; exit 1; }
    ;;
  apart)
    # Two installs in one namespace have no object in common, and none that the cluster has once.
    names() { awk '/^kind: /{kind=$2} /^metadata:/{getline; print kind, $2}' | grep -v '^Secret ' | sort; }
    render one shared production.yaml | names >"${TMPDIR:-/tmp}/one.$$"
    render two shared production.yaml | names >"${TMPDIR:-/tmp}/two.$$"
    common=$(comm -12 "${TMPDIR:-/tmp}/one.$$" "${TMPDIR:-/tmp}/two.$$")
    size=$(wc -l <"${TMPDIR:-/tmp}/one.$$")
    rm "${TMPDIR:-/tmp}/one.$$" "${TMPDIR:-/tmp}/two.$$"
    # Secrets of the store are the operator's to name, and may be shared.
    common=$(grep -v '^ExternalSecret kasbah-aws$' <<<"$common" || true)
    [ -z "$common" ] || { echo "two installs would both have: $common"; exit 1; }
    [ "$size" -gt 50 ] || { echo "only $size objects were compared"; exit 1; }
    ;;
esac
