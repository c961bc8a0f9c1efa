variable "name" {
  description = "Prefix of every name, such as kasbah-prod."
  type        = string
}

variable "cidr" {
  description = "Address range of the whole network: a /16, of which each subnet takes a /20."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr)) && endswith(var.cidr, "/16")
    error_message = "cidr must be an IPv4 /16."
  }
}

variable "zones" {
  description = "Availability zones, three for what must outlive one of them."
  type        = list(string)

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 4
    error_message = "Two to four availability zones."
  }
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone: without it, one zone's end takes the others' way out with it."
  type        = bool
  default     = true
}

variable "log_key_arn" {
  description = "KMS key of the flow logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long flow logs are kept."
  type        = number
  default     = 365
}
