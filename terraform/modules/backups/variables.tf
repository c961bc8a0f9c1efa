variable "name" {
  description = "Prefix of every name, such as kasbah-prod."
  type        = string
}

variable "account_id" {
  description = "The account's number: buckets' names are unique in the world."
  type        = string
}

variable "key_arn" {
  description = "KMS key of backups and dumps."
  type        = string
}

variable "log_bucket" {
  description = "Where requests to buckets are written down."
  type        = string
}

variable "database_arn" {
  description = "The instance to back up."
  type        = string
}

variable "retention_days" {
  description = "How long daily backups and dumps are kept."
  type        = number

  validation {
    condition     = var.retention_days >= 7
    error_message = "Backups are kept for at least 7 days."
  }
}

variable "copy_to_vault_arn" {
  description = "A backup vault in another region or account for a second copy of each; null: none."
  type        = string
  default     = null
}
