variable "name" {
  description = "The instance's name, such as kasbah-prod."
  type        = string
}

variable "engine_version" {
  description = "PostgreSQL's version: the major one, of which RDS takes the newest minor version."
  type        = string
  default     = "15"
}

variable "instance_class" {
  description = "How much machine."
  type        = string
}

variable "storage_gib" {
  description = "Storage at first, and the most that it may grow to."
  type        = object({ initial = number, maximum = number })
}

variable "multi_az" {
  description = "A standby in another zone, which takes over by itself."
  type        = bool
}

variable "backup_retention_days" {
  description = "How far back a restore to any second can go."
  type        = number

  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 35
    error_message = "Backups are kept for 7 to 35 days."
  }
}

variable "deletion_protection" {
  description = "Whether the instance refuses to be deleted."
  type        = bool
}

variable "vpc_id" {
  description = "The network it is in."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a way out."
  type        = list(string)
}

variable "client_security_group_id" {
  description = "Who may connect: the cluster's nodes and pods."
  type        = string
}

variable "key_arn" {
  description = "KMS key of storage, snapshots and insights."
  type        = string
}

variable "log_key_arn" {
  description = "KMS key of its logs."
  type        = string
}

variable "secret_key_arn" {
  description = "KMS key of the master user's password."
  type        = string
}

variable "log_retention_days" {
  description = "How long PostgreSQL's logs are kept."
  type        = number
  default     = 90
}
