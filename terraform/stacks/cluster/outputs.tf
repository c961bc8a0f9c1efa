# Read by the workload's state, and by whoever sets up GitHub's environments.
output "name" {
  description = "The cluster's name."
  value       = module.cluster.name
}

output "oidc" {
  description = "Who vouches for the cluster's pods."
  value       = module.cluster.oidc
}

output "keys" {
  description = "KMS keys by purpose."
  value       = module.keys.arns
}

output "buckets" {
  description = "Buckets by purpose: files, shares, archive, dumps."
  value       = merge(module.storage.buckets, { dumps = module.backups.dumps })
}

output "database" {
  description = "Where PostgreSQL answers, and where the master user's password is."
  value = {
    host              = module.database.host
    port              = module.database.port
    master_secret_arn = module.database.master_secret_arn
  }
}

output "cache" {
  description = "Where the cache answers."
  value = {
    host = module.cache.host
    port = module.cache.port
    user = module.cache.user
    arns = module.cache.connect_arns
  }
}

output "cidrs" {
  description = "Where load balancers, pods and databases are, for the chart's NetworkPolicies."
  value = {
    public  = module.network.public_cidrs
    private = module.network.private_cidrs
    data    = module.network.data_cidrs
  }
}

output "egress_addresses" {
  description = "From where webhooks come, for tenants' lists."
  value       = module.network.egress_addresses
}

output "repositories" {
  description = "Where images are pushed, by name; empty where they come from another account."
  value       = var.image_pullers == null ? {} : module.registry[0].repositories
}

output "github_role_arns" {
  description = "Roles of GitHub's workflows."
  value       = module.github.role_arns
}
