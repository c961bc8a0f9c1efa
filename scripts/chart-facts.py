#!/usr/bin/python3
"""Writes what helm/kasbah takes from the sources: who may call whom, and which migrations there are.

Each RPC says in (kasbah.policy.v1.access) which peers get past its door; each service says in its
*_app.cc which gRPC services it serves. Together they are the chart's NetworkPolicies. The migrations
are what its pods wait for. `--check` writes nothing and ends with 1 where a file says something else.
"""
import importlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = ROOT / "helm/kasbah/files"
# What every process serves: asking who one is opens no way that was closed.
EVERYWHERE = {"StatusService"}
# Served by tests alone.
TESTING = {"StreamService"}


def load_descriptors():
    """Every file of protos/kasbah, with the extension that holds the policies understood."""
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(
            str(path.relative_to(ROOT / "protos")) for path in (ROOT / "protos/kasbah").rglob("*.proto")
        )
        subprocess.run(
            ["protoc", f"-I{ROOT}/protos", "-I/usr/include", "--include_imports",
             f"--descriptor_set_out={folder}/all", f"--python_out={folder}", *files],
            check=True,
        )
        sys.path.insert(0, folder)
        importlib.import_module("kasbah.policy.v1.policy_pb2")
        from google.protobuf import descriptor_pb2

        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(folder, "all").read_bytes())


def peers_of_services():
    """gRPC service ("SecretService") to the peers that any of its RPCs lets in."""
    files = load_descriptors()
    access = sys.modules["kasbah.policy.v1.policy_pb2"].access
    peers = {}
    for file in files.file:
        for service in file.service:
            found = peers.setdefault(service.name, set())
            for method in service.method:
                if method.options.HasExtension(access):
                    found.update(method.options.Extensions[access].peers)
    return peers


def served_by(known):
    """Process ("tenant-data") to the gRPC services that its *_app.cc builds."""
    served = {}
    for app in sorted((ROOT / "services").glob("*/*_app.cc")):
        built = set(re.findall(r"\b([A-Z]\w+Service)\s+\w+\(", app.read_text())) & known
        if built:
            served[app.parent.name.replace("_", "-")] = built
    return served


def callers():
    peers = peers_of_services()
    served = served_by(set(peers) - EVERYWHERE - TESTING)
    unserved = set(peers) - EVERYWHERE - TESTING - set().union(*served.values())
    if unserved:
        sys.exit(f"callers: no *_app.cc builds {', '.join(sorted(unserved))}")
    result = {}
    for process, services in served.items():
        allowed = set().union(*(peers[service] for service in services))
        names = {peer.removeprefix("service/") for peer in allowed if peer.startswith("service/")}
        if "*" in names:
            # Every process that serves: these relay events and follow revocations.
            names = (names - {"*"}) | set(served)
        result[process] = {
            "services": sorted(names),
            "operators": "operator/*" in allowed,
            "tenants": "tenant/*" in allowed,
        }
    return result


def migrations():
    """schema/name, as core.migrations has them."""
    folders = {"core": ROOT / "libs/postgres/migrations"}
    folders |= {path.parent.name: path for path in (ROOT / "services").glob("*/migrations")}
    return [f"{schema}/{path.stem}" for schema in sorted(folders)
            for path in sorted(folders[schema].glob("*.sql"))]


def main():
    facts = {
        "callers.json": json.dumps(callers(), indent=2, sort_keys=True) + "\n",
        "migrations.txt": "\n".join(migrations()) + "\n",
    }
    for name, text in facts.items():
        file = FILES / name
        if sys.argv[1:] != ["--check"]:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            sys.exit(f"{file.relative_to(ROOT)} does not say what the sources do: "
                     "run scripts/chart-facts.py")


if __name__ == "__main__":
    main()
