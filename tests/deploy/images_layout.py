#!/usr/bin/env python3
"""The Dockerfile, the bake file, the compile step and Terraform's repositories name the same images, each
runs as a number, and the runtime's packages have every library that the binaries of this build load."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
problems = []
dockerfile = (ROOT / "images/Dockerfile").read_text()
stages = re.split(r"^FROM ", dockerfile, flags=re.M)[1:]
images = {}
for stage in stages:
    name = re.match(r"(\S+) AS (\S+)", stage)
    if name and name.group(1) == "process":
        images[name.group(2)] = stage

if not re.search(r"^ARG BASE=\S+@sha256:[0-9a-f]{64}$", dockerfile, re.M):
    problems.append("images/Dockerfile: the base is not pinned by digest")
process = next(stage for stage in stages if " AS process\n" in stage)
if not re.search(r"^USER \d+:\d+$", process, re.M) or re.search(r"^USER 0", process, re.M):
    problems.append("images/Dockerfile: not a numeric user that is not root")
for label in ("version", "revision", "created", "licenses", "vendor"):
    if f"org.opencontainers.image.{label}=" not in process:
        problems.append(f"images/Dockerfile: no label {label}")
for name, stage in images.items():
    if "USER" in re.findall(r"^[A-Z]+", stage, re.M):
        problems.append(f"{name}: changes its user")
    if f'image.title="kasbah-{name}"' not in stage:
        problems.append(f"{name}: no title")
    if name != "tools" and f'ENTRYPOINT ["/usr/bin/kasbah-{name}"]' not in stage:
        problems.append(f"{name}: starts something else")
    if re.search(r"^(RUN|SHELL)", stage, re.M):
        problems.append(f"{name}: would need a shell")


def names(file, pattern):
    found = re.search(pattern, (ROOT / file).read_text())
    return set(re.findall(r"[\w-]+", found.group(1))) if found else set()


for file, pattern in (("images/docker-bake.hcl", r"matrix\s*= \{ process = \[(.*?)\]"),
                      ("terraform/stacks/cluster/main.tf", r"images = toset\(\[(.*?)\]\)")):
    other = names(file, pattern)
    if other != set(images):
        problems.append(f"{file}: {sorted(other ^ set(images))} against images/Dockerfile")
compiled = names("images/compile.sh", r"(?s)processes='(.*?)'")
wanted = {f"kasbah-{name}" for name in images if name != "tools"} | {"kasbah"}
if compiled != wanted:
    problems.append(f"images/compile.sh: {sorted(compiled ^ wanted)} against images/Dockerfile")
services = {folder.name.replace("_", "-") for folder in (ROOT / "services").iterdir()
            if (folder / "main.cc").exists()}
if services - set(images):
    problems.append(f"no image for {sorted(services - set(images))}")

# Libraries that are loaded, from packages that are installed because they are on the list.
binaries = [pathlib.Path(os.environ.get("KASBAH_BIN", "")) / name for name in wanted]
if all(binary.is_file() for binary in binaries) and pathlib.Path("/etc/debian_version").exists():
    listed = (ROOT / "images/runtime.packages").read_text().split()
    depends = subprocess.run(
        ["apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
         "--no-replaces", "--no-enhances", *listed], capture_output=True, text=True, check=False).stdout
    closure = set(re.findall(r"^(\S+)$", depends, re.M)) | set(listed)
    needed = set()
    for binary in binaries:
        dump = subprocess.run(["objdump", "-p", binary], capture_output=True, text=True, check=True).stdout
        needed |= set(re.findall(r"NEEDED\s+(\S+)", dump))
    for library in sorted(needed):
        owner = subprocess.run(["dpkg-query", "--search", f"*/{library}"], capture_output=True, text=True,
                               check=False).stdout
        packages = {line.split(":")[0] for line in owner.splitlines()}
        if packages and depends and not packages & closure:
            problems.append(f"{library} is of {sorted(packages)}, which images/runtime.packages does not bring")

print("\n".join(problems) or f"{len(images)} images, the same everywhere")
sys.exit(1 if problems else 0)
