#!/usr/bin/env python3
"""Values that contradict themselves or weaken an installation are refused, and the message says why.

Each line: what is set over tests/deploy/values/minimal.yaml (or production.yaml), and what has to be said.
"""
import subprocess
import sys

CHART = "helm/kasbah"
VALUES = "tests/deploy/values"

CONTRADICTIONS = [
    ("image.registry=", "image.registry is empty"),
    ("trustDomain=", "trustDomain is empty"),
    ("certificates.operators=null", "certificates.operators is empty"),
    ("certificates.mode=certManager", "certificates.issuer.name is empty"),
    ("certificates.duration=10h", "renewBefore has to be less than half"),
    ("certificates.renewBefore=1h", "renewBefore has to be 90m more than connectionAge.max"),
    ("connectionAge.max=7h", "renewBefore has to be 90m more than connectionAge.max: connections live for 7h"),
    ("connectionAge.max=9s", "connectionAge.max has to be from 10s to 24h"),
    ("connectionAge.grace=2h", "connectionAge.grace has to be 1h or less"),
    ("services.auth.settings.server.max_connection_age=1h", "server.max_connection_age is the chart's"),
    ("certificates.mode=bootstrap,strictMode=false", "certificates.bootstrap.apiServerCidrs is empty"),
    ("database.host=", "database.host is empty"),
    ("database.ca.configMap=more", "database.ca needs configMap or secret, one of them"),
    ("database.ca.secret=", "database.ca needs configMap or secret, one of them"),
    ("database.cidrs=null", "networkPolicy lets nobody through otherwise"),
    ("database.bootstrap.enabled=true", "database.bootstrap.pgpassSecret is empty"),
    ("database.cloudNativePG.enabled=true", "contradict database.cloudNativePG"),
    ("services.auth.settings.server.listen=0.0.0.0:1", "services.auth.settings.server.listen is the chart's"),
    ("services.auth.settings.peers.vault=elsewhere:1", "services.auth.settings.peers.vault is the chart's"),
    ("services.auth.settings.database.dsn=x", "services.auth.settings.database is the chart's"),
    ("services.auth.autoscaling.enabled=true,services.auth.autoscaling.minReplicas=9",
     "services.auth.autoscaling.minReplicas is more than maxReplicas"),
    ("services.vault.storage.accessMode=ReadWriteOnce", "ReadWriteOnce is for one replica"),
    ("services.auth.stop.grace=30", "services.auth.stop.grace has to be preStop + drain + 5"),
    ("services.auth.egress={nowhere}", "services.auth.egress names nowhere"),
    ("egress.kms.ports={443},services.vault.egress={kms}", "egress.kms leads nowhere"),
    ("services.vault.settings.seal_file=null", "services.vault.settings names no seal"),
    ("services.vault.settings.shares=null", "services.vault.settings.shares is empty"),
    ("services.vault.settings.shares.directory=/tmp/shares", "shares.directory has to be in /var/lib/kasbah/data"),
    ("services.audit.storage.enabled=false", "archive.directory has to be in /var/lib/kasbah/data"),
    ("services.tenant-data.settings.files=null", "services.tenant-data.settings.files needs directory or s3"),
    ("externalSecrets.enabled=true", "externalSecrets.store.name is empty"),
    ("routes.enabled=true", "routes.domain and routes.parentRefs"),
    ("routes.enabled=true,routes.services={gateway}", "routes.services names gateway, which does not run"),
    ("routes.enabled=true,routes.apiVersion=v1", "routes.apiVersion has to be of gateway.networking.k8s.io"),
    ("ingress.enabled=true", "ingress.service is gateway, which is no service that runs"),
    ("ingress.enabled=true,ingress.service=auth", "services.auth.httpPort is 0"),
    ("ingress.enabled=true", "ingress.cidrs is empty"),
    ("ingress.enabled=true", "ingress.host is empty"),
    ("monitoring.serviceMonitor.enabled=true,monitoring.podMonitor.enabled=true", "scraped twice"),
    ("backup.dump.enabled=true", "backup.dump.recipientsConfigMap is empty"),
    ("backup.dump.enabled=true,backup.dump.destination=s3", "backup.dump.s3.bucket is empty"),
    ("backup.dump.enabled=true,backup.dump.destination=s3", "backup.dump.egress is empty"),
    ("backup.restoreTest.enabled=true", "backup.restoreTest without backup.dump"),
    ("backup.restoreTest.enabled=true", "backup.restoreTest.identitySecret is empty"),
    ("witness.enabled=true", "witness.logs is empty"),
    ("witness.enabled=true", "witness.from is empty"),
    ("witness.enabled=true,witness.keygen=true", "witness.keygen needs witness.name"),
    ("csiProvider.enabled=true,services.auth.enabled=false", "csiProvider needs auth and vault"),
    ("csiProvider.enabled=true,csiProvider.namespace=prod", "csiProvider.namespace is the release's own"),
]

UNSAFE = [
    ("services.more.replicas=2", "image.digests.more is missing"),
    ("networkPolicy.enabled=false", "networkPolicy.enabled is false"),
    ("certificates.mode=bootstrap,certificates.bootstrap.apiServerCidrs={10.0.0.1/32}",
     "certificates.mode bootstrap keeps the authority's key"),
    ("routes.enabled=true,routes.kind=GRPCRoute", "routes.kind GRPCRoute ends mutual TLS"),
    ("user=0", "user is 0"),
    ("services.auth.replicas=1", "services.auth.replicas is less than 2"),
    ("services.auth.autoscaling.enabled=true,services.auth.autoscaling.minReplicas=1",
     "services.auth.autoscaling.minReplicas is less than 2"),
    ("services.auth.settings.server.reflection=true", "reflection shows the whole interface"),
    ("services.auth.settings.log_level=debug", "log_level debug is for development"),
    ("services.webhook.settings.allow_http=true", "services.webhook.settings.allow_http sends"),
    ("services.audit.settings.sinks.allow_http=true", "services.audit.settings.sinks.allow_http sends"),
    ("services.audit.settings.system_log.allow_http=true", "settings.system_log.allow_http sends"),
    ("services.webhook.settings.allow_addresses={169.254.0.0/16}", "allow_addresses has 169.254.0.0/16"),
    ("services.vault.settings.allow_addresses={0.0.0.0/0}", "allow_addresses has 0.0.0.0/0"),
    ("egress.internet.except={10.0.0.0/8}", "egress.internet lets webhook reach 0.0.0.0/0 with 169.254"),
    ("networkPolicy.clients[0].ipBlock.cidr=0.0.0.0/0", "everybody may knock"),
]

# The schema's own refusals: unknown names, wrong types, what is too little.
SCHEMA = [
    ("sevrices.auth.replicas=3", "sevrices"),
    ("services.auth.replica=3", "replica"),
    ("services.auth.replicas=many", "replicas"),
    ("image.digests.auth=latest", "digests"),
    ("backup.dump.keepDays=6", "keepDays"),
    ("database.cloudNativePG.archive.retention=6d", "retention"),
    ("certificates.mode=none", "mode"),
    ("services.auth.resources.limits=null", "limits"),
    ("tests.tenant=demo", "tenant"),
]


def render(settings):
    command = ["helm", "template", "k", CHART, "--kube-version", "1.34.0", "-n", "prod",
               "-f", f"{VALUES}/minimal.yaml"]
    for setting in settings:
        command += ["--set", setting]
    return subprocess.run(command, capture_output=True, text=True)


def main():
    faults = []
    for name, table in (("contradiction", CONTRADICTIONS), ("unsafe", UNSAFE), ("schema", SCHEMA)):
        for settings, message in table:
            result = render([settings])
            if result.returncode == 0:
                faults.append(f"{name}: {settings} was accepted")
            elif message not in result.stderr:
                faults.append(f"{name}: {settings}: not said: {message}\n{result.stderr}")
            # What is unsafe is no contradiction: off, it goes through.
            if name == "unsafe" and render([settings, "strictMode=false,routes.domain=x,routes.parentRefs[0].name=x"]).returncode:
                faults.append(f"{name}: {settings} was refused without strictMode")
    if render([]).returncode:
        faults.append("minimal.yaml itself is refused")
    if render(["global.registry=x,enabled=true"]).returncode:
        faults.append("a parent chart's global and enabled are refused")
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(CONTRADICTIONS)} contradictions, {len(UNSAFE)} unsafe values, {len(SCHEMA)} by the schema")


if __name__ == "__main__":
    main()
