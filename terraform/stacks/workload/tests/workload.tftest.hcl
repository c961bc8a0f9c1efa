mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  override_during = plan

  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000001"
      domain_validation_options = [
        { domain_name = "kasbah.example", resource_record_name = "_p.kasbah.example.", resource_record_type = "CNAME", resource_record_value = "_v.acm-validations.aws." },
      ]
    }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:of-a-role" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/of-a-pod" }
  }
}

mock_provider "aws" {
  alias = "us_east_1"
}

variables {
  environment               = "prod"
  region                    = "eu-central-1"
  domain                    = "kasbah.example"
  registry                  = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
  requests_per_five_minutes = 5000
  backup_keep_days          = 35
  passwords_version         = 1
  passwords = { for role in [
    "kasbah_audit", "kasbah_audit_incidents", "kasbah_audit_ingest", "kasbah_audit_relay", "kasbah_audit_upkeep",
    "kasbah_auth", "kasbah_auth_relay", "kasbah_auth_resolver", "kasbah_backup", "kasbah_migrator",
    "kasbah_tenant_data", "kasbah_tenant_data_mover", "kasbah_tenant_data_registry", "kasbah_tenant_data_relay",
    "kasbah_tenant_data_resolver", "kasbah_tenant_data_upkeep", "kasbah_vault", "kasbah_vault_relay",
    "kasbah_vault_root", "kasbah_vault_upkeep", "kasbah_webhook", "kasbah_webhook_queue", "kasbah_webhook_relay",
  ] : role => "x" }
  cluster = {
    oidc = { arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/1", host = "oidc.example/id/1" }
    keys = { logs = "arn:logs", secrets = "arn:secrets", seal = "arn:seal", storage = "arn:storage", backups = "arn:backups" }
    buckets = {
      shares  = { name = "shares", arn = "arn:aws:s3:::shares" }
      files   = { name = "files", arn = "arn:aws:s3:::files" }
      archive = { name = "archive", arn = "arn:aws:s3:::archive" }
      dumps   = { name = "dumps", arn = "arn:aws:s3:::dumps" }
    }
    database = { host = "db.internal", port = 5432 }
    cidrs    = { public = ["10.20.0.0/20"], private = ["10.20.64.0/20"], data = ["10.20.128.0/20"] }
  }
}

run "the_chart_is_told_where_everything_is" {
  command = plan

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  assert {
    condition     = output.chart_values.services.vault.settings.aws_kms.key_id == "arn:seal" && output.chart_values.database.host == "db.internal" && output.chart_values.database.cidrs == tolist(["10.20.128.0/20"])
    error_message = "The vault's key or the database is another one."
  }

  assert {
    condition     = output.chart_values.services.audit.settings.archive.s3.bucket == "archive" && output.chart_values.backup.dump.s3.bucket == "dumps"
    error_message = "Something is kept in another's bucket."
  }
}

run "only_the_vault_has_the_seal" {
  command = plan

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  assert {
    condition = alltrue([
      for document in concat(values(data.aws_iam_policy_document.objects), [data.aws_iam_policy_document.external_secrets]) :
      alltrue([for s in document.statement : !contains(s.resources, "arn:seal")])
    ])
    error_message = "Something else than the vault can open the root key."
  }

  assert {
    condition     = !contains(flatten([for s in data.aws_iam_policy_document.objects["audit"].statement : tolist(s.actions)]), "s3:DeleteObject")
    error_message = "The audit can delete what it archived."
  }
}
