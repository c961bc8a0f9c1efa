#!/usr/bin/env bash
# Builds every image from the binaries of this build, and runs each as Kubernetes does: as a number,
# without rights, without a network, on a root that cannot be written. Needs a Docker engine and the
# base image of images/local-base.sh; KASBAH_BIN names the binaries.
set -euo pipefail

# A client of 23 or newer builds with a plugin, which Debian's does not need.
docker=${DOCKER:-}
for client in docker /usr/bin/docker; do
  [ -z "$docker" ] || break
  if "$client" buildx version >/dev/null 2>&1 || [[ $("$client" --version 2>/dev/null) == *' 20.'* ]]; then
    docker=$client
  fi
done
skip() { echo "skipped: $*"; exit 77; }
[ -n "$docker" ] || skip 'no Docker client that builds (apt-get install docker.io)'
"$docker" info >/dev/null 2>&1 || skip 'no Docker engine answers'
"$docker" image inspect kasbah-base >/dev/null 2>&1 || skip 'there is no image kasbah-base (images/local-base.sh)'
processes=(audit auth csi-provider tenant-data vault webhook witness)
for process in "${processes[@]}"; do
  [ -x "$KASBAH_BIN/kasbah-$process" ] || skip "$KASBAH_BIN has no kasbah-$process (make build)"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
epoch=1700000000
mkdir "$work/context" "$work/context/binaries"
cp -r images "$work/context/"
for binary in kasbah "${processes[@]/#/kasbah-}"; do
  objcopy --strip-all "$KASBAH_BIN/$binary" "$work/context/binaries/$binary"
done

# build <target> <tag> [option…]
build() {
  local target=$1 tag=$2
  shift 2
  DOCKER_BUILDKIT=1 "$docker" build --quiet --network none --file "$work/context/images/Dockerfile" \
    --build-arg BASE=kasbah-base:latest --build-arg BINARIES=prebuilt \
    --build-arg SOURCE_DATE_EPOCH=$epoch --build-arg REVISION=0123456789abcdef \
    --target "$target" --tag "$tag" "$@" "$work/context" >"$work/log" 2>&1 ||
    { cat "$work/log"; fail "$target does not build"; }
}

# run <image> [argument…]: as a pod of the chart.
run() {
  "$docker" run --rm --network none --read-only --user 65532:65532 --cap-drop ALL \
    --security-opt no-new-privileges "${mount[@]}" "$@"
}
mount=()

version=$("$KASBAH_BIN/kasbah-vault" --version | awk '{print $NF}')
for process in "${processes[@]}"; do
  image=kasbah-$process:check
  build "$process" "$image"
  config=$("$docker" image inspect "$image")
  [ "$(jq -r '.[0].Config.User' <<<"$config")" = 65532:65532 ] || fail "$process runs as root"
  [ "$(jq -r '.[0].Config.Labels["org.opencontainers.image.revision"]' <<<"$config")" = 0123456789abcdef ] ||
    fail "$process does not say which commit it is"
  [ "$(run "$image" --version)" = "kasbah-$process $version" ] || fail "$process --version"
  run "$image" --print-config-schema | jq -e .properties >/dev/null || fail "$process --print-config-schema"

  # A wrong setting is refused, with the reason; the process got as far as reading it.
  mkdir -p "$work/settings"
  chmod 0755 "$work" "$work/settings"
  echo 'no_such_setting: 1' >"$work/settings/settings.yaml"
  mount=(--volume "$work/settings:/run/kasbah/settings:ro")
  status=0
  run "$image" --config /run/kasbah/settings/settings.yaml --check-config >"$work/out" 2>&1 || status=$?
  mount=()
  [ "$status" -eq 2 ] && grep -q no_such_setting "$work/out" ||
    { cat "$work/out"; fail "$process --check-config ended with $status"; }

  container=$("$docker" create "$image")
  "$docker" export "$container" >"$work/$process.tar"
  "$docker" rm "$container" >/dev/null
  tests/deploy/image_contents.py "$process" "$work/$process.tar" "$work/context/binaries/kasbah-$process" $epoch ||
    fail "$process: what is in it"
done

# Settings that are right are taken, by a process that can read its file and nothing else.
cat >"$work/settings/settings.yaml" <<'YAML'
server: {tls_directory: /run/kasbah/tls, trust_domain: kasbah.test}
database: {dsn: "host=db dbname=kasbah user=kasbah_auth sslmode=verify-full"}
relay: {dsn: "host=db dbname=kasbah user=kasbah_auth_relay sslmode=verify-full"}
resolver: {dsn: "host=db dbname=kasbah user=kasbah_auth_resolver sslmode=verify-full"}
peers: {audit: "audit:9000"}
YAML
mount=(--volume "$work/settings:/run/kasbah/settings:ro")
run kasbah-auth:check --config /run/kasbah/settings/settings.yaml --check-config || fail 'auth --check-config'
mount=()

build tools kasbah-tools:check
[ "$(run kasbah-tools:check --version | awk '{print $NF}')" = "$version" ] || fail 'tools: kasbah --version'
run --entrypoint /bin/sh kasbah-tools:check -c \
  'for tool in age curl initdb openssl pg_ctl pg_dump pg_restore psql rclone kasbah-auth kasbah-vault kasbah-audit; do
     command -v $tool >/dev/null || { echo "tools has no $tool"; exit 1; }
   done
   for tool in apt apt-get dpkg; do
     ! command -v $tool >/dev/null || { echo "tools has $tool"; exit 1; }
   done
   [ "$(id -u)" = 65532 ]' || fail 'tools: what the jobs need'

# The same sources are the same layers, whatever was cached.
layers() { "$docker" image inspect "$1" | jq -c '.[0].RootFS.Layers'; }
build vault kasbah-vault:again --no-cache
[ "$(layers kasbah-vault:check)" = "$(layers kasbah-vault:again)" ] || fail 'vault: two builds are two images'
echo "${#processes[@]} images and tools, built and run"
