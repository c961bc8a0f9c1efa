data "terraform_remote_state" "cluster" {
  backend = "s3"

  config = {
    bucket = var.state_bucket
    key    = "staging/cluster.tfstate"
    region = var.region
  }
}

locals {
  cluster = data.terraform_remote_state.cluster.outputs.cluster

  # One more makes every password of a database role anew.
  passwords_version = 1

  login_roles = toset([
    "kasbah_audit", "kasbah_audit_incidents", "kasbah_audit_ingest", "kasbah_audit_relay", "kasbah_audit_upkeep",
    "kasbah_auth", "kasbah_auth_relay", "kasbah_auth_resolver", "kasbah_backup", "kasbah_migrator",
    "kasbah_tenant_data", "kasbah_tenant_data_mover", "kasbah_tenant_data_registry", "kasbah_tenant_data_relay",
    "kasbah_tenant_data_resolver", "kasbah_tenant_data_upkeep", "kasbah_vault", "kasbah_vault_relay",
    "kasbah_vault_root", "kasbah_vault_upkeep", "kasbah_webhook", "kasbah_webhook_queue", "kasbah_webhook_relay",
  ])
}

# Made by Secrets Manager at each apply, and written only when the version above changes: neither a
# plan nor a state ever has one.
ephemeral "aws_secretsmanager_random_password" "role" {
  for_each = local.login_roles

  password_length     = 48
  exclude_punctuation = true
}

module "workload" {
  source = "../../../stacks/workload"

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  environment               = "staging"
  region                    = var.region
  domain                    = var.domain
  registry                  = "${var.registry_account_id}.dkr.ecr.${var.region}.amazonaws.com"
  requests_per_five_minutes = 5000
  backup_keep_days          = 14
  passwords                 = { for role in local.login_roles : role => ephemeral.aws_secretsmanager_random_password.role[role].random_password }
  passwords_version         = local.passwords_version
  cluster                   = local.cluster
}
