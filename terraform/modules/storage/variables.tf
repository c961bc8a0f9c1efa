variable "name" {
  description = "Prefix of every name, such as kasbah-prod."
  type        = string
}

variable "account_id" {
  description = "The account's number: buckets' names are unique in the world."
  type        = string
}

variable "key_arn" {
  description = "KMS key of files, archives and shares."
  type        = string
}

variable "audit_lock_days" {
  description = "For how long nobody can delete an archived piece of a trail."
  type        = number
}
