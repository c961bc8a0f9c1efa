#!/usr/bin/env bash
# image.sh NAME PROGRAM: an image with one static program, as `docker save` writes it, to standard output.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=$(basename "$2")
mkdir "$work/root"
cp "$2" "$work/root/$program"
tar -C "$work/root" -cf "$work/layer.tar" .
cat >"$work/config.json" <<JSON
{"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/$program"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$(sha256sum "$work/layer.tar" | cut -d' ' -f1)"]}}
JSON
echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"$1\"], \"Layers\": [\"layer.tar\"]}]" >"$work/manifest.json"
tar -C "$work" -c manifest.json config.json layer.tar
