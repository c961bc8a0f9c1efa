#!/usr/bin/env bash
# ruleset.sh apply|check <owner/repository>: makes GitHub's rules for main those of
# .github/rulesets/main.json, or says how they differ. To apply needs an administrator's gh login.
set -euo pipefail
cd "$(dirname "$0")/.."
verb=$1 repository=$2
wanted=.github/rulesets/main.json
name=$(jq -r .name "$wanted")
id=$(gh api "repos/$repository/rulesets" --jq ".[] | select(.name == \"$name\") | .id")

case $verb in
  apply)
    if [ -n "$id" ]; then
      gh api --method PUT "repos/$repository/rulesets/$id" --input "$wanted" >/dev/null
    else
      gh api --method POST "repos/$repository/rulesets" --input "$wanted" >/dev/null
    fi
    echo "$repository: ruleset $name is that of $wanted"
    ;;
  check)
    if [ -z "$id" ]; then
      echo "$repository has no ruleset $name"
      exit 1
    fi
    # GitHub adds fields that say nothing here: only what the file states is compared.
    normal='{name, target, enforcement, conditions, rules: (.rules | sort_by(.type))}'
    gh api "repos/$repository/rulesets/$id" --jq . |
      jq --slurpfile wanted "$wanted" '
        def only($like): . as $value
          | if ($like | type) == "object"
            then $like | with_entries(.key as $key | .value = ($value[$key] | only($like[$key])))
            else $value end;
        .rules |= map(. as $rule
          | ($wanted[0].rules | map(select(.type == $rule.type)) | first) as $like
          | if $like == null then $rule else only($like) end)' |
      jq -S "$normal" | diff <(jq -S "$normal" "$wanted") - ||
      { echo "$repository: ruleset $name is not that of $wanted"; exit 1; }
    ;;
  *)
    echo 'ruleset.sh apply|check owner/repository'
    exit 1
    ;;
esac
