#!/usr/bin/env python3
"""The chart says of the programs what is true: versions, migrations, callers, roles, pools, settings, ports
and metrics, each held against the source or the binary that owns it.

`sources` needs a checkout and protoc; `binaries` needs them built, in $KASBAH_BIN.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

CHART = pathlib.Path("helm/kasbah")
SERVICES = ["auth", "vault", "tenant-data", "webhook", "audit"]
# Metrics of others, which dashboards and alerts use too.
OTHERS = {
    "up": "Prometheus",
    "kube_deployment_status_replicas_available": "kube-state-metrics",
    "kube_deployment_spec_replicas": "kube-state-metrics",
    "kube_job_status_failed": "kube-state-metrics",
    "kube_cronjob_status_last_successful_time": "kube-state-metrics",
    "container_cpu_usage_seconds_total": "cAdvisor",
    "container_cpu_cfs_throttled_seconds_total": "cAdvisor",
    "container_memory_working_set_bytes": "cAdvisor",
}
faults = []


def render(values, *more):
    return subprocess.run(
        ["helm", "template", "k", str(CHART), "--kube-version", "1.34.0", "-n", "prod",
         "-f", f"tests/deploy/values/{values}.yaml", *more],
        check=True, capture_output=True, text=True).stdout


def documents(text):
    return text.split("\n---\n")


def block(document, key):
    """The literal block of a key of a ConfigMap."""
    lines, inside = [], False
    for line in document.splitlines():
        if line == f"  {key}: |":
            inside = True
        elif inside and line and not line.startswith("    "):
            break
        elif inside:
            lines.append(line[4:])
    return "\n".join(lines) + "\n"


def settings_of(values, *more):
    """Process to its rendered settings file."""
    found = {}
    for document in documents(render(values, *more)):
        name = re.search(r"^  name: k-kasbah-([a-z-]+)$", document, re.M)
        if "\nkind: ConfigMap\n" in document and name:
            for key in ("settings.yaml", "witness.yaml"):
                if f"\n  {key}: |" in document:
                    found[name.group(1)] = block(document, key)
    return found


def check_versions():
    project = re.search(r"project\(kasbah VERSION (\S+)", pathlib.Path("CMakeLists.txt").read_text()).group(1)
    chart = re.search(r"^appVersion: (\S+)", (CHART / "Chart.yaml").read_text(), re.M).group(1)
    if project != chart:
        faults.append(f"Chart.yaml: appVersion is {chart}, the project's version is {project}")


def pools_of_chart():
    pools = {}
    for name, text in re.findall(r"^  ([a-z-]+):\n(?:    #.*\n)*    pools: \{(.*)\}", (CHART / "values.yaml").read_text(), re.M):
        pools[name] = dict(pair.split(": ") for pair in text.split(", "))
    return pools


def check_roles(pools):
    source = set(re.findall(r'"(kasbah_\w+)"', pathlib.Path("libs/postgres/roles.cc").read_text()))
    chart = {role for sections in pools.values() for role in sections.values()}
    chart |= {"kasbah_migrator", "kasbah_backup"}
    if source != chart:
        faults.append(f"values.yaml: roles differ from libs/postgres/roles.cc: {', '.join(sorted(source ^ chart))}")


def check_doors(pools):
    """Sections and roles as kasbah dev up has them."""
    source = pathlib.Path("libs/dev/service_settings.cc").read_text()
    doors = source[source.index("DoorsOf("):]
    for name, body in re.findall(r'service == "([a-z-]+)"\) (?:\{\s*)?return \{(.*?)\};', doors, re.S):
        expected = dict(re.findall(r'\{"(\w+)", "(\w+)"\}', body))
        found = {key: role for key, role in pools[name].items() if key not in ("database", "relay")}
        if expected != found:
            faults.append(f"values.yaml: pools of {name} are {found}, kasbah dev up opens {expected}")


def names_in(expression):
    return set(re.findall(r"\b([a-z_][a-z0-9_]*)\{", expression))


def check_metrics():
    source = {}
    for path in [*pathlib.Path("libs").rglob("*.cc"), *pathlib.Path("services").rglob("*.cc")]:
        for kind, name in re.findall(r'Get(Counter|Gauge|Histogram)\(\s*"(\w+)"', path.read_text()):
            source[name] = kind
    used = {}
    for path in sorted((CHART / "files/dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text())
        ids = [panel["id"] for panel in dashboard["panels"]]
        if len(ids) != len(set(ids)):
            faults.append(f"{path}: two panels have one id")
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                for name in names_in(target["expr"]):
                    used.setdefault(name, f"{path.name}: {panel['title']}")
        for variable in dashboard["templating"]["list"]:
            for name in re.findall(r"label_values\((\w+)", variable.get("query", "")):
                used.setdefault(name, f"{path.name}: variable {variable['name']}")
    for alert in (CHART / "files/alerts.yaml").read_text().split("- alert: ")[1:]:
        for name in names_in(alert.split("annotations:")[0]):
            used.setdefault(name, f"alerts.yaml: {alert.split()[0]}")
    for name, where in used.items():
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if name not in OTHERS and name not in source and source.get(base) != "Histogram":
            faults.append(f"{where}: nothing registers the metric {name}")
    for name in sorted(set(OTHERS) - set(used)):
        faults.append(f"{name}, of {OTHERS[name]}, is not used: take it off the list")
    if len(used) < 20:
        faults.append(f"only {len(used)} metrics were found in dashboards and alerts")


def check_ports():
    """Another port is another port everywhere."""
    text = render("production", "--set", "ports.grpc=7443,ports.admin=7444")
    text = re.sub(r"sha256:\w+|checksum/\w+: \w+|cidr: \S+", "", text)
    for port in ("9000", "9090"):
        for line in text.splitlines():
            if re.search(rf"\b{port}\b", line):
                faults.append(f"ports: {port} is written down: {line.strip()}")
    for process, settings in settings_of("production", "--set", "ports.grpc=7443,ports.admin=7444").items():
        if process in SERVICES and not ("listen: 0.0.0.0:7443" in settings and "admin_listen: 0.0.0.0:7444" in settings):
            faults.append(f"ports: {process} does not listen where its pod says")


def check_restarts():
    """Pods start again for other settings, and for nothing else that they notice by themselves."""
    def checksums(*more):
        return re.findall(r"checksum/settings: (\w+)", render("minimal", *more))
    before = checksums()
    if len(set(before)) != len(SERVICES):
        faults.append(f"checksum/settings: {len(set(before))} of {len(SERVICES)} services have one of their own")
    if sum(a != b for a, b in zip(before, checksums("--set", "services.auth.connections.database=9"))) != 1:
        faults.append("checksum/settings: auth's connections changed, and not auth alone starts again")
    if before != checksums("--set", "services.auth.replicas=3"):
        faults.append("checksum/settings: another number of replicas starts pods again")


def check_binary(process, settings, binaries):
    binary = binaries / f"kasbah-{process}"
    # A directory that has to be there is there in the pod.
    settings = settings.replace("tls_directory: /run/kasbah/tls", f"tls_directory: {tempfile.gettempdir()}")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(settings)
        file.flush()
        result = subprocess.run([binary, "--config", file.name, "--check-config"], capture_output=True, text=True)
    if result.returncode:
        faults.append(f"kasbah-{process} refuses its settings: {result.stderr.replace(file.name, 'settings')}")


def check_binaries(binaries):
    pools = pools_of_chart()
    for values in ("minimal", "production", "trial", "witness"):
        for process, settings in settings_of(values).items():
            if process == "csi-provider" or process == "witness" or process in SERVICES:
                check_binary(process, settings, binaries)
            else:
                faults.append(f"{values}: settings of {process}, which is no process")
    for name in SERVICES:
        schema = json.loads(subprocess.run([binaries / f"kasbah-{name}", "--print-config-schema"], check=True,
                                           capture_output=True, text=True).stdout)
        sections = {key for key, value in schema["properties"].items() if "dsn" in value.get("properties", {})}
        if sections != set(pools[name]):
            faults.append(f"values.yaml: pools of {name} are {sorted(pools[name])}, its settings have {sorted(sections)}")
        defaults = schema["properties"]["server"]["properties"]
        for key, port in (("listen", "grpc: 9000"), ("admin_listen", "admin: 9090")):
            if defaults[key]["default"].split(":")[1] != port.split()[1] or port not in (CHART / "values.yaml").read_text():
                faults.append(f"values.yaml: ports: {key} of kasbah-{name} is {defaults[key]['default']} when unset")


def main(what):
    if what == "sources":
        if subprocess.run(["scripts/chart-facts.py", "--check"]).returncode:
            sys.exit(1)
        pools = pools_of_chart()
        if sorted(pools) != sorted(SERVICES):
            sys.exit(f"values.yaml: pools were found of {sorted(pools)}")
        check_versions()
        check_roles(pools)
        check_doors(pools)
        check_metrics()
        check_ports()
        check_restarts()
    else:
        binaries = pathlib.Path(os.environ.get("KASBAH_BIN", "build/dev/bin"))
        for name in [*SERVICES, "witness", "csi-provider"]:
            if not (binaries / f"kasbah-{name}").exists():
                print(f"skipped: kasbah-{name} is not built (make build)")
                sys.exit(77)
        check_binaries(binaries)
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main(sys.argv[1])
