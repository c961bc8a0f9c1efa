#!/usr/bin/env bash
# Installs the check tools that Debian does not package into
# ${KASBAH_TOOLS:-~/.cache/kasbah-tools}/bin, each at the version named here. What cannot be had is
# skipped by name, with the reason: the checks that need it then skip themselves by name too.
# `install-tools.sh helm buf` installs only those.
set -uo pipefail
cd "$(dirname "$0")/.."
tools=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}
mkdir -p "$tools/bin"
wanted=("$@")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

skipped() { echo "$1: skipped, $2"; }

# The tool is left as it is where this version is there already. `installed` notes the version
# beside it.
needs() {
  local name=$1 version=$2
  if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return 1; fi
  if [ -x "$tools/bin/$name" ] && [ "$(cat "$tools/bin/.$name.version" 2>/dev/null)" = "$version" ]; then
    echo "$name $version: already there"
    return 1
  fi
}
installed() {
  echo "$2" >"$tools/bin/.$1.version"
  echo "$1 $2: installed"
}
last_line() { grep -v '^$' "$1" | tail -1; }

# go_tool name package module version [replacement]: a module of its own around the package, because
# `go install` refuses modules that replace one of their dependencies.
go_tool() {
  local name=$1 package=$2 module=$3 version=$4 replacement=${5:-}
  needs "$name" "$version" || return 0
  command -v go >/dev/null || { skipped "$name" 'go is not installed'; return 0; }
  local source=$work/$name
  mkdir -p "$source"
  if (cd "$source" && go mod init "tool/$name" && go mod edit -require="$module@$version" &&
      { [ -z "$replacement" ] || go mod edit -replace="$replacement"; } &&
      printf '//go:build tools\n\npackage tools\n\nimport _ "%s"\n' "$package" >tools.go &&
      go mod tidy -e && CGO_ENABLED=0 GOFLAGS=-p=2 nice go build -trimpath -ldflags=-s -o "$tools/bin/$name" "$package"
     ) >"$work/log" 2>&1; then
    installed "$name" "$version"
  else
    skipped "$name" "$(last_line "$work/log")"
  fi
}

# npm_tool name package version
npm_tool() {
  local name=$1 package=$2 version=$3
  needs "$name" "$version" || return 0
  command -v npm >/dev/null || { skipped "$name" 'npm is not installed'; return 0; }
  if npm install --silent --no-fund --no-audit --prefix "$tools/npm" "$package@$version" >"$work/log" 2>&1; then
    ln -sf "../npm/node_modules/.bin/$name" "$tools/bin/$name"
    installed "$name" "$version"
  else
    skipped "$name" "$(last_line "$work/log")"
  fi
}

# pip_tool name package version: each in an environment of its own, as their dependencies disagree.
pip_tool() {
  local name=$1 package=$2 version=$3
  needs "$name" "$version" || return 0
  if nice python3 -m venv "$tools/python/$name" >"$work/log" 2>&1 &&
     nice "$tools/python/$name/bin/pip" install --quiet "$package==$version" >"$work/log" 2>&1; then
    ln -sf "../python/$name/bin/$name" "$tools/bin/$name"
    installed "$name" "$version"
  else
    skipped "$name" "$(last_line "$work/log")"
  fi
}

npm_tool buf @bufbuild/buf 1.75.0
go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint github.com/rhysd/actionlint v1.7.12
go_tool helm helm.sh/helm/v3/cmd/helm helm.sh/helm/v3 v3.22.0
go_tool kubeconform github.com/yannh/kubeconform/cmd/kubeconform github.com/yannh/kubeconform v0.8.0
go_tool versitygw github.com/versity/versitygw/cmd/versitygw github.com/versity/versitygw v1.8.0
go_tool helm-unittest github.com/helm-unittest/helm-unittest/cmd/helm-unittest \
  github.com/helm-unittest/helm-unittest v1.1.2 \
  github.com/vmware-labs/yaml-jsonpath@v0.3.2=github.com/helm-unittest/yaml-jsonpath@v0.4.0
go_tool grpcurl github.com/fullstorydev/grpcurl/cmd/grpcurl github.com/fullstorydev/grpcurl v1.9.4
go_tool ghz github.com/bojand/ghz/cmd/ghz github.com/bojand/ghz v0.93.0
go_tool tflint github.com/terraform-linters/tflint github.com/terraform-linters/tflint v0.64.0
pip_tool zizmor zizmor 1.32.0
pip_tool checkov checkov 3.3.30

# pip_library name package version: for the checks that import it; `name` runs Python with it.
pip_library() {
  local name=$1 package=$2 version=$3
  needs "$name" "$version" || return 0
  if nice python3 -m venv "$tools/python/$name" >"$work/log" 2>&1 &&
     nice "$tools/python/$name/bin/pip" install --quiet "$package==$version" >"$work/log" 2>&1; then
    printf '#!/bin/sh\nexec "%s/bin/python" "$@"\n' "$tools/python/$name" >"$tools/bin/$name"
    chmod +x "$tools/bin/$name"
    installed "$name" "$version"
  else
    skipped "$name" "$(last_line "$work/log")"
  fi
}
pip_library opentelemetry-proto opentelemetry-proto 1.45.2

# The AWS provider's schema without the provider: what `terraform validate` and `terraform test` ask
# for where Terraform's registry is out of reach.
aws_schema() {
  local name=terraform-aws-schema version=$1
  needs "$name" "$version" || return 0
  command -v go >/dev/null || { skipped "$name" 'go is not installed'; return 0; }
  local source=tests/deploy/terraform_schema
  mkdir -p "$tools/terraform" "$work/$name"
  if (python3 -m pip download --quiet --no-deps --dest "$work/$name" "cdktf-cdktf-provider-aws==$version" &&
      python3 "$source/pack.py" "$work/$name"/*.whl "$tools/terraform/package.zip" &&
      cd "$source" && CGO_ENABLED=0 GOFLAGS=-p=2 nice go build -trimpath -ldflags=-s -o "$tools/bin/$name" .
     ) >"$work/log" 2>&1; then
    installed "$name" "$version"
  else
    skipped "$name" "$(last_line "$work/log")"
  fi
}
aws_schema 21.22.1

# deb_tool name package: one program of a Debian package, which is unpacked and not installed: its
# service would start.
deb_tool() {
  local name=$1 package=$2 version
  version=$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p')
  needs "$name" "${version:-none}" || return 0
  if (cd "$work" && apt-get download "$package" && dpkg -x "$package"_*.deb "$work/$package") >"$work/log" 2>&1; then
    install -m 0755 "$work/$package/usr/bin/$name" "$tools/bin/$name"
    installed "$name" "$version"
  else
    skipped "$name" "$(last_line "$work/log")"
  fi
}

# own_tool name folder: a Go program of this repository, built again when its sources change.
own_tool() {
  local name=$1 folder=$2
  needs "$name" "$(cat "$folder"/*.go "$folder"/go.* | sha256sum | cut -c 1-16)" || return 0
  command -v go >/dev/null || { skipped "$name" 'go is not installed'; return 0; }
  if (cd "$folder" && CGO_ENABLED=0 GOFLAGS=-p=2 nice go build -trimpath -ldflags=-s -o "$tools/bin/$name" .) \
    >"$work/log" 2>&1; then
    installed "$name" "$(cat "$folder"/*.go "$folder"/go.* | sha256sum | cut -c 1-16)"
  else
    skipped "$name" "$(last_line "$work/log")"
  fi
}

deb_tool promtool prometheus
own_tool kasbah-manifests "$(dirname "$0")/../tests/deploy/manifests"
