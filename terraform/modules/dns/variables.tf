variable "domain" {
  description = "The zone, such as kasbah.example: tenants answer below it."
  type        = string
}

variable "log_retention_days" {
  description = "How long queries are kept."
  type        = number
  default     = 90
}
