variable "name" {
  description = "Prefix of every name, such as kasbah-prod."
  type        = string
}

variable "requests_per_five_minutes" {
  description = "How many requests one address may make in five minutes; the gateway counts by tenant besides."
  type        = number
}

variable "log_key_arn" {
  description = "KMS key of the logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long blocked requests are kept."
  type        = number
  default     = 365
}
