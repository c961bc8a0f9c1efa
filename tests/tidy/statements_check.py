"""Statements on tenants' tables say which tenant, though row-level security would do without.

usage: statements_check.py SOURCE_DIRECTORY

Two guards, so that neither is the only one. Those that work across tenants through a door's role have no
tenant to say: they stand in statements_across_tenants.txt, and nothing else may.
"""
import pathlib
import re
import sys

LITERAL = r'"(?:[^"\\]|\\.)*"|R"\w*\((?:.|\n)*?\)\w*"|KASBAH_\w+'
STATEMENT = re.compile(r"\bStatement\s+k\w+\s*(?:=\s*)?\{((?:" + LITERAL + r"|[^{}\"])*)\}")
MACRO = re.compile(r"^#define (KASBAH_\w+)((?:.*\\\n)*.*)$", re.M)
PROTECTED = re.compile(r"CALL core\.protect\('([\w.]+)'\)")
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+((?:auth|vault|tenant_data|webhook|audit)\.\w+)")
SAYS_TENANT = re.compile(r"\btenant_id = (?:\$\d|ANY ?\(\$\d)|\$1::uuid AS tenant_id"
                         r"|INSERT INTO \S+\s+(?:AS \w+ )?\(\s*tenant_id\b")


def text_of(literals, macros, depth=0):
    parts = []
    for literal in literals:
        if literal.startswith("KASBAH_"):
            inner = macros.get(literal, "")
            parts.append(text_of(re.findall(LITERAL, inner), macros, depth + 1) if depth < 5 else "")
        elif literal.startswith("R"):
            parts.append(literal[literal.index("(") + 1 : literal.rindex(")")])
        else:
            parts.append(literal[1:-1].replace('\\"', '"'))
    return "".join(parts)


def statements_of(root):
    files = [f for ext in ("*.cc", "*.h") for d in ("libs", "services") for f in (root / d).rglob(ext)]
    files = [f for f in files if not re.search(r"test\.cc$|fixture|libs/testing", str(f))]
    texts = {f: f.read_text() for f in files}
    macros = {}
    for text in texts.values():
        macros.update(MACRO.findall(text))
    for file, text in texts.items():
        for found in STATEMENT.findall(text):
            literals = re.findall(LITERAL, found)
            if literals:
                yield file.relative_to(root), text_of(literals[:1], macros), text_of(literals[1:], macros)


def main():
    root = pathlib.Path(sys.argv[1])
    tenants = {t for f in root.glob("**/migrations/*.sql") for t in PROTECTED.findall(f.read_text())}
    listed = pathlib.Path(__file__).with_name("statements_across_tenants.txt").read_text().split("\n")
    listed = {line.split()[0] for line in listed if line and not line.startswith("#")}
    found, looked_at, wrong = set(), 0, []
    for file, name, sql in statements_of(root):
        if not tenants.intersection(TABLE.findall(sql)):
            continue
        looked_at += 1
        if SAYS_TENANT.search(sql):
            continue
        found.add(name)
        if name not in listed:
            wrong.append(f"{file}: {name} reads or changes a tenant's table and does not say which tenant")
    wrong += [f"statements_across_tenants.txt: {name} is gone, or says its tenant" for name in sorted(listed - found)]
    if looked_at < 250:
        wrong.append(f"only {looked_at} statements were found: the search is broken")
    print(f"{looked_at} statements on {len(tenants)} tables of tenants, {len(found)} across tenants")
    print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
