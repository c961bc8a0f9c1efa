#!/usr/bin/env python3
"""Both environments are made of the same stacks and modules, with states of their own; providers are
pinned exactly; no module is without a test; trust in GitHub is by equality alone."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2] / "terraform"
problems = []


def text_of(folder):
    return "\n".join(file.read_text() for file in sorted(folder.glob("*.tf")))


keys = set()
for environment in ("staging", "prod"):
    for state in ("cluster", "workload"):
        folder = ROOT / "environments" / environment / state
        text = text_of(folder)
        name = f"environments/{environment}/{state}"
        if f'source = "../../../stacks/{state}"' not in text:
            problems.append(f"{name}: not made of stacks/{state}")
        key = re.search(r'key\s+= "([^"]+\.tfstate)"\n\s+encrypt', text)
        if not key or key.group(1) in keys:
            problems.append(f"{name}: no state of its own")
        else:
            keys.add(key.group(1))
        if not re.search(r'version = "\d+\.\d+\.\d+"', text):
            problems.append(f"{name}: the provider's version is not exact")
        if "allowed_account_ids" not in text:
            problems.append(f"{name}: would change whatever account it is given")

used = "\n".join(text_of(ROOT / "stacks" / stack) for stack in ("cluster", "workload"))
used += "\n".join(text_of(module) for module in sorted((ROOT / "modules").iterdir()))
for module in sorted((ROOT / "modules").iterdir()):
    if f"modules/{module.name}\"" not in used and f"../{module.name}\"" not in used:
        problems.append(f"modules/{module.name}: used by nothing")
for folder in sorted((ROOT / "modules").iterdir()) + sorted((ROOT / "stacks").iterdir()):
    if not list((folder / "tests").glob("*.tftest.hcl")):
        problems.append(f"{folder.relative_to(ROOT)}: has no test")
    for name in ("variables.tf", "outputs.tf", "versions.tf"):
        if not (folder / name).exists():
            problems.append(f"{folder.relative_to(ROOT)}: has no {name}")

for file in ROOT.rglob("*.tf"):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if "StringLike" in line and "token.actions" in file.read_text():
            problems.append(f"{file.relative_to(ROOT)}:{number}: trust by pattern")
        if re.search(r"(access_key|secret_key|password)\s*=\s*\"[^$\"]", line):
            problems.append(f"{file.relative_to(ROOT)}:{number}: a credential in the text")

print("\n".join(problems) or f"{len(keys)} states from the same modules")
sys.exit(1 if problems else 0)
