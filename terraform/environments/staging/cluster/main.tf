# Production's shape at a smaller size: what fails by size is found there, all else here.
module "cluster" {
  source = "../../../stacks/cluster"

  environment   = "staging"
  account_id    = var.account_id
  region        = var.region
  state_bucket  = var.state_bucket
  repository    = var.repository
  image_pullers = [var.production_account_id]
  protected     = false

  network = {
    cidr         = "10.40.0.0/16"
    zones        = ["${var.region}a", "${var.region}b", "${var.region}c"]
    nat_per_zone = false
  }

  kubernetes = {
    version                   = "1.34"
    nodes                     = { instance_types = ["m7i.large"], min = 2, max = 4, desired = 2 }
    runner_security_group_ids = var.runner_security_group_ids
    administrator_role_arn    = var.administrator_role_arn
  }

  database = {
    instance_class        = "db.t4g.medium"
    storage_gib           = { initial = 50, maximum = 200 }
    multi_az              = true
    backup_retention_days = 7
  }

  cache           = { node_type = "cache.t4g.small", replicas = 1 }
  backups         = { retention_days = 14 }
  audit_lock_days = 7
}
