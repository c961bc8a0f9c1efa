# What lives long and holds data: the network, the keys, the cluster and what is beside it. What
# runs in the cluster is another state (../workload), so that taking that away never takes this
# along.
locals {
  name = "kasbah-${var.environment}"

  # One for each image of images/Dockerfile.
  images = toset(["audit", "auth", "csi-provider", "tenant-data", "tools", "vault", "webhook", "witness"])
}

module "keys" {
  source = "../../modules/keys"

  name = local.name
}

module "network" {
  source = "../../modules/network"

  name         = local.name
  cidr         = var.network.cidr
  zones        = var.network.zones
  nat_per_zone = var.network.nat_per_zone
  log_key_arn  = module.keys.arns.logs
}

module "cluster" {
  source = "../../modules/cluster"

  name                      = local.name
  kubernetes_version        = var.kubernetes.version
  subnet_ids                = module.network.private_subnet_ids
  runner_security_group_ids = var.kubernetes.runner_security_group_ids
  secrets_key_arn           = module.keys.arns.cluster
  log_key_arn               = module.keys.arns.logs
  disk_key_arn              = module.keys.arns.nodes
  deletion_protection       = var.protected
  nodes                     = var.kubernetes.nodes

  access = {
    administrator = { role_arn = var.kubernetes.administrator_role_arn, policy = "AmazonEKSClusterAdminPolicy" }
    # Deploys the chart, and runs the restore test's job: both in one namespace.
    # Other operators' kinds are granted to the group by deploy/cluster/.
    deploy = {
      role_arn   = module.github.role_arns.deploy
      policy     = "AmazonEKSAdminPolicy"
      namespaces = ["kasbah"]
      groups     = ["kasbah-deployers"]
    }
    restore-test = { role_arn = module.github.role_arns["restore-test"], policy = "AmazonEKSEditPolicy", namespaces = ["kasbah"] }
  }
}

module "database" {
  source = "../../modules/database"

  name                     = local.name
  instance_class           = var.database.instance_class
  storage_gib              = var.database.storage_gib
  multi_az                 = var.database.multi_az
  backup_retention_days    = var.database.backup_retention_days
  deletion_protection      = var.protected
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.data_subnet_ids
  client_security_group_id = module.cluster.security_group_id
  key_arn                  = module.keys.arns.database
  log_key_arn              = module.keys.arns.logs
  secret_key_arn           = module.keys.arns.secrets
}

module "cache" {
  source = "../../modules/cache"

  name                     = local.name
  node_type                = var.cache.node_type
  replicas                 = var.cache.replicas
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.data_subnet_ids
  client_security_group_id = module.cluster.security_group_id
  key_arn                  = module.keys.arns.cache
  log_key_arn              = module.keys.arns.logs
}

module "registry" {
  source = "../../modules/registry"
  count  = var.image_pullers == null ? 0 : 1

  repositories = local.images
  key_arn      = module.keys.arns.registry
  pullers      = var.image_pullers
}

module "storage" {
  source = "../../modules/storage"

  name            = local.name
  account_id      = var.account_id
  key_arn         = module.keys.arns.storage
  audit_lock_days = var.audit_lock_days
}

module "backups" {
  source = "../../modules/backups"

  name              = local.name
  account_id        = var.account_id
  key_arn           = module.keys.arns.backups
  log_bucket        = module.storage.log_bucket
  database_arn      = module.database.arn
  retention_days    = var.backups.retention_days
  copy_to_vault_arn = var.backups.copy_to_vault_arn
}

module "github" {
  source = "../../modules/github-oidc"

  name             = local.name
  environment      = var.environment
  repository       = var.repository
  account_id       = var.account_id
  region           = var.region
  repository_arns  = var.image_pullers == null ? [] : module.registry[0].arns
  state_bucket_arn = "arn:aws:s3:::${var.state_bucket}"
  cluster_arn      = "arn:aws:eks:${var.region}:${var.account_id}:cluster/${local.name}"
}
