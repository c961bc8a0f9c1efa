module "cluster" {
  source = "../../../stacks/cluster"

  environment  = "prod"
  account_id   = var.account_id
  region       = var.region
  state_bucket = var.state_bucket
  repository   = var.repository
  protected    = true

  network = {
    cidr         = "10.20.0.0/16"
    zones        = ["${var.region}a", "${var.region}b", "${var.region}c"]
    nat_per_zone = true
  }

  kubernetes = {
    version                   = "1.34"
    nodes                     = { instance_types = ["m7i.xlarge"], min = 3, max = 12, desired = 3 }
    runner_security_group_ids = var.runner_security_group_ids
    administrator_role_arn    = var.administrator_role_arn
  }

  database = {
    instance_class        = "db.m7g.xlarge"
    storage_gib           = { initial = 200, maximum = 2000 }
    multi_az              = true
    backup_retention_days = 35
  }

  cache           = { node_type = "cache.m7g.large", replicas = 2 }
  backups         = { retention_days = 35, copy_to_vault_arn = var.backup_copy_vault_arn }
  audit_lock_days = 365
}
