#!/usr/bin/env python3
"""What actionlint and zizmor do not ask of a workflow: pins are commits with their version beside them,
every job says what it may do, nothing is kept in a secret, and main's rules name jobs that exist."""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
PIN = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
IMAGE = re.compile(r"^[\w./:-]+@sha256:[0-9a-f]{64}$")

problems = []


def problem(file, line, text):
    problems.append(f"{file.relative_to(ROOT)}:{line}: {text}")


def jobs_of(lines):
    """Yields (name, first line, lines) of each job, by indentation: the files are ours."""
    inside = False
    job = None
    for number, line in enumerate(lines, 1):
        if re.match(r"\S", line) and not line.startswith("#"):
            inside = line.startswith("jobs:")
        found = re.match(r"  ([\w-]+):\s*$", line) if inside else None
        if found or not inside:
            if job:
                yield job
            job = (found.group(1), number, []) if found else None
        elif job:
            job[2].append(line)
    if job:
        yield job


def check_workflow(file):
    lines = file.read_text().splitlines()
    pins = {}
    for number, line in enumerate(lines, 1):
        uses = re.match(r"\s*(?:- )?uses:\s*(.+?)\s*$", line)
        if uses and not uses.group(1).startswith("./.github/workflows/"):
            if not PIN.match(uses.group(1)):
                problem(file, number, f"{uses.group(1)}: not owner/action@<40 hex> # vX.Y.Z")
            else:
                action, commit = uses.group(1).split(" #")[0].split("@")
                pins["/".join(action.split("/")[:2])] = (commit, uses.group(1).split("# ")[1])
        image = re.match(r"\s*image:\s*(\S+)", line)
        if image and not IMAGE.match(image.group(1)) and "${{" not in line:
            problem(file, number, f"{image.group(1)}: not pinned by digest")
        secret = re.search(r"\$\{\{[^}]*\bsecrets\.", line)
        if secret or re.match(r"\s*secrets:\s*inherit", line):
            problem(file, number, "a secret: credentials here come from OIDC and live for minutes")
        if "pull_request_target" in line or "workflow_run:" in line:
            problem(file, number, "runs a stranger's change with this repository's rights")
    if "permissions: {}" not in lines:
        problem(file, 1, "does not say `permissions: {}` for the whole workflow")
    for name, number, body in jobs_of(lines):
        granted = [line for line in body if re.match(r"    permissions:\s*$", line)]
        if not granted:
            problem(file, number, f"job {name} does not say what it may do (permissions:)")
        bad = [line for line in body if re.match(r"\s*permissions:\s*(write-all|read-all)", line)]
        if bad:
            problem(file, number, f"job {name} takes all permissions of a kind")
        called = any(re.match(r"    uses: \./", line) for line in body)
        if not called and not any(re.match(r"    timeout-minutes: \d+", line) for line in body):
            problem(file, number, f"job {name} has no timeout-minutes")
    return pins, [name for name, _, _ in jobs_of(lines)]


def display_names(file):
    """The names under which GitHub reports a workflow's jobs, each matrix value spelled out."""
    names = set()
    for name, _, body in jobs_of(file.read_text().splitlines()):
        text = "\n".join(body)
        shown = re.search(r"^    name: (.+)$", text, re.M)
        shown = shown.group(1) if shown else name
        variable = re.search(r"\$\{\{ matrix\.([\w.]+) \}\}", shown)
        if not variable:
            names.add(shown)
            continue
        values = re.search(rf"^        {variable.group(1)}: \[(.+)\]$", text, re.M)
        for value in values.group(1).split(", ") if values else []:
            names.add(shown.replace(variable.group(0), value))
    return names


def check_ruleset(names):
    file = ROOT / ".github/rulesets/main.json"
    rules = {rule["type"]: rule.get("parameters", {}) for rule in json.loads(file.read_text())["rules"]}
    for needed in ("deletion", "non_fast_forward", "pull_request", "required_status_checks"):
        if needed not in rules:
            problem(file, 1, f"has no rule {needed}")
    if rules.get("pull_request", {}).get("required_approving_review_count", 0) < 1:
        problem(file, 1, "a change needs nobody's approval")
    for check in rules.get("required_status_checks", {}).get("required_status_checks", []):
        if check["context"] not in names:
            problem(file, 1, f"asks for the check \"{check['context']}\", which no workflow reports")


def check_owners():
    file = ROOT / ".github/CODEOWNERS"
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        path = line.split()[0]
        pattern = path.strip("/")
        if path != "*" and not list(ROOT.glob(pattern)):
            problem(file, number, f"{path} is nothing that exists")


def main():
    files = sorted(WORKFLOWS.glob("*.y*ml"))
    if not files:
        print("there is no workflow")
        return 1
    names, pins = set(), {}
    for file in files:
        for action, pin in check_workflow(file)[0].items():
            if pins.setdefault(action, pin) != pin:
                problem(file, 1, f"{action} is {pin[1]} here and {pins[action][1]} elsewhere")
        names |= display_names(file)
    check_ruleset(names)
    check_owners()
    for line in problems:
        print(line)
    if not problems:
        print(f"{len(files)} workflows, {len(pins)} actions, each at one commit")
    return 1 if problems else 0


sys.exit(main())
