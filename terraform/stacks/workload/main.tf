# What runs in the cluster needs of AWS: names, certificates, the edge's filter, passwords, and a
# role for each service account. It only reads the cluster's state.
locals {
  name      = "kasbah-${var.environment}"
  namespace = "kasbah"
  release   = "kasbah"

  # Kubernetes Secret → database roles, as the chart reads them: <release>-db-<owner>.
  roles = {
    "${local.release}-db-auth"        = ["kasbah_auth", "kasbah_auth_relay", "kasbah_auth_resolver"]
    "${local.release}-db-vault"       = ["kasbah_vault", "kasbah_vault_relay", "kasbah_vault_root", "kasbah_vault_upkeep"]
    "${local.release}-db-tenant-data" = ["kasbah_tenant_data", "kasbah_tenant_data_relay", "kasbah_tenant_data_registry", "kasbah_tenant_data_resolver", "kasbah_tenant_data_upkeep", "kasbah_tenant_data_mover"]
    "${local.release}-db-webhook"     = ["kasbah_webhook", "kasbah_webhook_relay", "kasbah_webhook_queue"]
    "${local.release}-db-audit"       = ["kasbah_audit", "kasbah_audit_relay", "kasbah_audit_ingest", "kasbah_audit_upkeep", "kasbah_audit_incidents"]
    "${local.release}-db-migrator"    = ["kasbah_migrator"]
    "${local.release}-db-backup"      = ["kasbah_backup"]
  }
}

module "dns" {
  source = "../../modules/dns"

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  domain = var.domain
}

module "certificates" {
  source = "../../modules/certificates"

  domain  = var.domain
  zone_id = module.dns.zone_id
}

module "waf" {
  source = "../../modules/waf"

  name                      = local.name
  requests_per_five_minutes = var.requests_per_five_minutes
  log_key_arn               = var.cluster.keys.logs
}

module "secrets" {
  source = "../../modules/secrets"

  prefix            = local.name
  key_arn           = var.cluster.keys.secrets
  roles             = { for secret, roles in local.roles : secret => toset(roles) }
  passwords         = var.passwords
  passwords_version = var.passwords_version
  # Who can open a dump is in neither the cluster nor this account.
  given = []
}
