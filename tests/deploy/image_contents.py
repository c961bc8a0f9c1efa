#!/usr/bin/env python3
"""image_contents.py <process> <exported root, tar> <binary> <epoch>: nothing but what a process needs, as
old as it should be, and all of it in the SBOM."""
import hashlib
import json
import re
import sys
import tarfile

process, path, binary, epoch = sys.argv[1:]
FORBIDDEN = re.compile(r"(^|/)(sh|bash|dash|busybox|perl|python3?|apt(-\w+)?|dpkg(-\w+)?|curl|wget|su|mount|env)$")
# What the engine itself puts into a container, as old as the container is.
ENGINE = re.compile(r"^(\.dockerenv|dev|proc|sys|etc/(hostname|hosts|mtab|resolv\.conf))($|/)")
problems = []
with tarfile.open(path) as root:
    members = {member.name.rstrip("/"): member for member in root}
    sbom = json.load(root.extractfile("usr/share/kasbah/sbom.cdx.json"))
    shipped = root.extractfile(f"usr/bin/kasbah-{process}").read()

for name, member in members.items():
    if ENGINE.match(name) or name == "etc":
        continue
    if FORBIDDEN.search(name) and not name.startswith("var/lib/dpkg"):
        problems.append(f"has /{name}")
    if member.mode & 0o6000:
        problems.append(f"/{name} is setuid or setgid")
    if member.mode & 0o002 and not member.issym() and name != "tmp":
        problems.append(f"/{name} can be written by anybody")
    if member.mtime != int(epoch) and not member.isdir():
        problems.append(f"/{name} is of {member.mtime}")
    if member.issym():
        target = member.linkname.lstrip("/") if member.linkname.startswith("/") else \
            "/".join([*name.split("/")[:-1], member.linkname])
        parts = []
        for part in target.split("/"):
            parts.pop() if part == ".." else parts.append(part)
        # /lib is /usr/lib.
        if parts[0] in ("lib", "lib64"):
            parts.insert(0, "usr")
        if "/".join(parts) not in members:
            problems.append(f"/{name} leads to {member.linkname}, which is not here")

packages = {component["name"] for component in sbom["components"]}
listed = {name.split("/")[-1] for name in members if name.startswith("var/lib/dpkg/status.d/")}
if packages != listed:
    problems.append(f"the SBOM and the package list differ by {sorted(packages ^ listed)}")
for needed in ("libc6", "libssl3", "libstdc++6"):
    if needed not in packages:
        problems.append(f"the SBOM has no {needed}")
for package in packages:
    if f"usr/share/doc/{package}/copyright" not in members:
        problems.append(f"the licence of {package} is not here")
digest = hashlib.sha256(open(binary, "rb").read()).hexdigest()
if sbom["metadata"]["component"]["hashes"][0]["content"] != digest or hashlib.sha256(shipped).hexdigest() != digest:
    problems.append("the SBOM is of another binary")

for line in problems:
    print(f"{process}: {line}")
sys.exit(1 if problems else 0)
