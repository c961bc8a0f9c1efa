#!/usr/bin/env python3
"""Every alert rule fires on what it is for, and is silent on what is normal; promtool decides.

A row: the alert, the series on which it fires, those on which it does not, and when it is asked. Series
are in promtool's notation, a sample a minute, or every ten where it is about days. An alert without a row is a fault.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

NAMESPACE = "prod"
N = f'namespace="{NAMESPACE}"'
HANDLED = "grpc_server_handled_total{" + N + ', service="vault", grpc_method="%s", grpc_code="%s"}'
BUCKET = "grpc_server_handling_seconds_bucket{" + N + ', service="vault", grpc_type="unary", le="%s"}'


def counter(name, labels="", fires="0+1x60", quiet="5x60"):
    series = f"{name}{{{N}{', ' + labels if labels else ''}}}"
    return [(series, fires)], [(series, quiet)]


def replicas(ready, wanted):
    labels = f'{N}, deployment="k-kasbah-vault"'
    return [(f"kube_deployment_status_replicas_available{{{labels}}}", f"{ready}x60"),
            (f"kube_deployment_spec_replicas{{{labels}}}", f"{wanted}x60"),
            (f'up{{{N}, service="vault"}}', "1x60")]


def calls(method, code, rate):
    return [(HANDLED % (method, code), rate)]


def sealed(*vaults):
    return [(f'kasbah_vault_sealed{{{N}, service="vault", pod="{pod}"}}', f"{state}x60")
            for pod, state in enumerate(vaults)]


def ends(certificate, seconds):
    # The clock of these tests starts at 0.
    return [(f'kasbah_tls_not_after_seconds{{{N}, service="vault", pod="a", certificate="{certificate}"}}',
             f"{seconds}x60")]


def cronjob(name, age_in_hours):
    # What succeeded at 0 is as old as the question.
    return [(f'kube_cronjob_status_last_successful_time{{{N}, cronjob="k-kasbah-{name}"}}', age_in_hours)]


OF_DAYS = {"KasbahBackupMissing", "KasbahRestoreUnproved"}

TABLE = [
    ("KasbahDown", [(f'up{{{N}, service="vault"}}', "0x60")],
     [(f'up{{{N}, service="vault", pod="a"}}', "0x60"), (f'up{{{N}, service="vault", pod="b"}}', "1x60")], "10m"),
    ("KasbahNotReady", replicas(0, 3), replicas(2, 3), "30m"),
    ("KasbahVaultSealed", sealed(1, 1), sealed(1, 0), "30m"),
    ("KasbahVaultPartlySealed", sealed(1, 0), sealed(1, 1), "30m"),
    ("KasbahMountsFail", *[[(f'kasbah_csi_mounts_total{{namespace="k-kasbah-csi", result="{result}"}}', "0+1x60")]
                           for result in ("unavailable", "refused")], "30m"),
    ("KasbahSharesUnavailable", *counter("kasbah_vault_tenants_sealed", 'cause="share"', fires="2x60", quiet="0x60"),
     "30m"),
    ("KasbahErrors", calls("Get", "INTERNAL", "0+10x60") + calls("Get", "OK", "0+100x60"),
     calls("Get", "INTERNAL", "0+1x60") + calls("Get", "OK", "0+1000x60"), "30m"),
    ("KasbahSlow", [(BUCKET % "1", "0+10x60"), (BUCKET % "10", "0+100x60"), (BUCKET % "+Inf", "0+100x60")],
     [(BUCKET % "1", "0+100x60"), (BUCKET % "10", "0+100x60"), (BUCKET % "+Inf", "0+100x60")], "30m"),
    ("KasbahShedsLoad", *counter("kasbah_rpc_executor_refused_total", 'service="auth", executor="calls"'), "30m"),
    ("KasbahLogLinesLost", *counter("kasbah_log_dropped_lines", 'service="auth"'), "30m"),
    ("KasbahDatabaseUnreachable",
     *counter("kasbah_postgres_connect_failures_total", 'service="auth", role="kasbah_auth"'), "30m"),
    ("KasbahPoolExhausted",
     *counter("kasbah_postgres_pool_refusals_total", 'service="auth", role="kasbah_auth"'), "30m"),
    ("KasbahOutboxOld", *counter("kasbah_outbox_oldest_seconds", 'service="auth", topic="audit", shard="main"',
                                 fires="0+60x60", quiet="100x60"), "30m"),
    ("KasbahOutboxRefused", *counter("kasbah_outbox_refused_total", 'service="auth", topic="audit"'), "30m"),
    ("KasbahMigrationFailed", *counter("kube_job_status_failed", 'job_name="k-kasbah-migrate-0-1-0-aa"',
                                       fires="1x60", quiet="0x60"), "30m"),
    ("KasbahTrailDamaged", *counter("kasbah_audit_damaged_total"), "30m"),
    ("KasbahTrailQuarantine", *counter("kasbah_audit_quarantined_total"), "30m"),
    ("KasbahTrailPartitions", *counter("kasbah_audit_partition_failures_total"), "30m"),
    ("KasbahSinkSilent", *counter("kasbah_audit_sink_silence_seconds", fires="3600x60", quiet="600x60"), "30m"),
    ("KasbahIncidentClock", *counter("kasbah_audit_incidents_due_soon", fires="1x60", quiet="0x60"), "5m"),
    ("KasbahDeliveriesLate", *counter("kasbah_webhook_oldest_due_seconds", fires="600x60", quiet="60x60"), "30m"),
    ("KasbahUsageNotCounted",
     [(f'kasbah_tenant_data_usage_counted_seconds{{{N}, pod="{pod}"}}', f"{counted}x300")
      for pod, counted in (("a", 0), ("b", 3600))],
     [(f'kasbah_tenant_data_usage_counted_seconds{{{N}, pod="{pod}"}}', f"{counted}x300")
      for pod, counted in (("a", 0), ("b", 14000))], "280m"),
    ("KasbahLeasesNotEnded", *counter("kasbah_vault_lease_end_failures_total", quiet="0 0 1 2 2x60"), "40m"),
    ("KasbahDenialsSpike", calls("Get", "PERMISSION_DENIED", "0+1x1440 1440+600x60"),
     calls("Get", "PERMISSION_DENIED", "0+600x1500"), "24h20m"),
    ("KasbahCredentialsGuessed", calls("ResolveCredential", "UNAUTHENTICATED", "0+120x60"),
     calls("ResolveCredential", "UNAUTHENTICATED", "0+6x60"), "30m"),
    ("KasbahSecretReadsSpike", calls("AccessSecretVersion", "OK", "0+1x1440 1440+600x60"),
     calls("AccessSecretVersion", "OK", "0+600x1500"), "24h20m"),
    ("KasbahCertificateExpires", ends("own", 9000), ends("own", 90000) + ends("authority", 9000), "30m"),
    ("KasbahAuthorityExpires", ends("authority", 20 * 86400), ends("authority", 40 * 86400) + ends("own", 9000), "30m"),
    ("KasbahBackupMissing", cronjob("backup", "0x170"), cronjob("backup", "86400x170"), "27h"),
    ("KasbahRestoreUnproved", cronjob("restore-test", "0x1170"), cronjob("restore-test", "604800x1170"), "194h"),
]


def rules():
    """The groups as the chart renders them."""
    rendered = subprocess.run(
        ["helm", "template", "k", "helm/kasbah", "--kube-version", "1.34.0", "-n", NAMESPACE,
         "-f", "tests/deploy/values/production.yaml", "-s", "templates/monitoring.yaml"],
        check=True, capture_output=True, text=True).stdout
    rule = next(part for part in rendered.split("\n---\n") if "\nkind: VMRule\n" in part)
    lines = rule[rule.index("\nspec:") + len("\nspec:"):].splitlines()
    return "\n".join(line[2:] for line in lines) + "\n"


def test_of(alert, series, at, firing, interval):
    # A series may be named in both of a row's lists; quotes stand as they are in single-quoted YAML.
    inputs = "".join(f"\n      - series: '{name}'\n        values: '{values}'" for name, values in series)
    count = f"count(ALERTS{{alertname=\"{alert}\", alertstate=\"firing\"}}) or vector(0)"
    return f"""
  - interval: {interval}
    input_series:{inputs}
    promql_expr_test:
      - expr: '({count}) > bool 0'
        eval_time: {at}
        exp_samples: [{{labels: '{{}}', value: {int(firing)}}}]
"""


def rule_of(text, alert):
    """The groups with this rule alone."""
    rule = re.search(rf"^ +- alert: {alert}\n(?:(?! +- alert:| +- name:).*\n)*", text, re.M).group(0)
    return f"groups:\n  - name: one\n    rules:\n{rule}"


def promtool(folder, *command):
    result = subprocess.run(["promtool", *command], cwd=folder, capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stdout + result.stderr)


def main():
    text = rules()
    alerts = re.findall(r"- alert: (\w+)", text)
    missing = set(alerts) ^ {row[0] for row in TABLE}
    if missing:
        sys.exit(f"alerts and the table differ: {', '.join(sorted(missing))}")
    for part in re.split(r"- alert: ", text)[1:]:
        for needed in ("severity:", "summary:", "action:"):
            if needed not in part:
                sys.exit(f"{part.split()[0]} has no {needed[:-1]}")
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "rules.yaml").write_text(text)
        promtool(folder, "check", "rules", "rules.yaml")
        # Each with its rule alone: all of them over days take minutes.
        for alert, fires, quiet, at in TABLE:
            interval = "10m" if alert in OF_DAYS else "1m"
            pathlib.Path(folder, f"{alert}.rule.yaml").write_text(rule_of(text, alert))
            pathlib.Path(folder, f"{alert}.yaml").write_text(
                f"rule_files: [{alert}.rule.yaml]\nevaluation_interval: {interval}\ntests:"
                + test_of(alert, fires, at, True, interval) + test_of(alert, quiet, at, False, interval))
        promtool(folder, "test", "rules", *(f"{row[0]}.yaml" for row in TABLE))
    print(f"{len(alerts)} alerts, each fires and is silent")


if __name__ == "__main__":
    main()
