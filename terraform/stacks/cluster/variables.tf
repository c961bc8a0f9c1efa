variable "environment" {
  description = "staging or prod."
  type        = string
}

variable "account_id" {
  description = "The account's number."
  type        = string
}

variable "region" {
  description = "The region: where the data is, and stays."
  type        = string
}

variable "state_bucket" {
  description = "Where Terraform's states are."
  type        = string
}

variable "network" {
  description = "The network's addresses and zones."
  type = object({
    cidr         = string
    zones        = list(string)
    nat_per_zone = bool
  })
}

variable "kubernetes" {
  description = "The cluster: its version, its nodes, and the runners that deploy to it."
  type = object({
    version = string
    nodes = object({
      instance_types = list(string)
      min            = number
      max            = number
      desired        = number
    })
    runner_security_group_ids = map(string)
    administrator_role_arn    = string
  })
}

variable "database" {
  description = "PostgreSQL: its machine, its storage, and how far back it can be restored."
  type = object({
    instance_class        = string
    storage_gib           = object({ initial = number, maximum = number })
    multi_az              = bool
    backup_retention_days = number
  })
}

variable "cache" {
  description = "The cache: its machine and its copies."
  type        = object({ node_type = string, replicas = number })
}

variable "backups" {
  description = "How long copies outside the instance are kept, and a vault elsewhere for a second one."
  type        = object({ retention_days = number, copy_to_vault_arn = optional(string) })
}

variable "audit_lock_days" {
  description = "For how long nobody can delete an archived piece of a trail."
  type        = number
}

variable "protected" {
  description = "Whether the cluster and the database refuse to be deleted."
  type        = bool
}

variable "repository" {
  description = "The repository whose workflows deploy, with its and its owner's numbers."
  type = object({
    owner    = string
    owner_id = number
    name     = string
    id       = number
  })
}

variable "image_pullers" {
  description = "Accounts that pull images from here; null where images come from another account's registry."
  type        = set(string)
  default     = null
}
