# Sourced by the Terraform checks: `tree` is a copy of terraform/ in which init works. Two ways to
# have the AWS provider: KASBAH_TERRAFORM=registry takes the real one from Terraform's registry;
# without that it is terraform_schema/, which has the real one's schema and needs no network (make
# tools).
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1
unset TF_CLI_CONFIG_FILE
tools=${KASBAH_TOOLS:-$HOME/.cache/kasbah-tools}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/terraform
cp -r terraform "$tree"
find "$tree" -name .terraform -prune -exec rm -rf {} +

if [ "${KASBAH_TERRAFORM:-}" = registry ]; then
  mkdir -p "$work/plugins"
  export TF_PLUGIN_CACHE_DIR=$work/plugins TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1
else
  if [ ! -x "$tools/bin/terraform-aws-schema" ]; then
    echo 'skipped: terraform-aws-schema is not installed (make tools), nor is the AWS provider asked for'
    exit 77
  fi
  version=$(unzip -p "$tools/terraform/package.zip" version)
  folder=$work/mirror/registry.terraform.io/hashicorp/aws/$version/linux_$(go env GOARCH 2>/dev/null || echo amd64)
  mkdir -p "$folder"
  ln -s "$tools/bin/terraform-aws-schema" "$folder/terraform-provider-aws_v$version"
  printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$work/mirror" >"$work/cli.hcl"
  mapfile -t types < <(grep -rhoE '^(resource|data|ephemeral) "aws_\w+"' --include='*.tf' terraform |
    sed 's/ "/./; s/"$//' | sort -u)
  python3 tests/deploy/terraform_schema/extract.py "$tools/terraform/package.zip" "${types[@]}" \
    >"$work/schema.json" || exit 1
  export TF_CLI_CONFIG_FILE=$work/cli.hcl KASBAH_TERRAFORM_SCHEMA=$work/schema.json
fi

# init <folder below terraform/>
init() {
  terraform -chdir="$tree/$1" init -backend=false -input=false -no-color >"$work/log" 2>&1 ||
    { echo "$1: init"; cat "$work/log"; return 1; }
}
