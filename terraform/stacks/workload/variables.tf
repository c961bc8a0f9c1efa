variable "environment" {
  description = "staging or prod."
  type        = string
}

variable "region" {
  description = "The region of the cluster."
  type        = string
}

variable "domain" {
  description = "The public zone: tenants answer below it."
  type        = string
}

variable "registry" {
  description = "Where images are pulled from: <account>.dkr.ecr.<region>.amazonaws.com."
  type        = string
}

variable "requests_per_five_minutes" {
  description = "How many requests one address may make in five minutes."
  type        = number
}

variable "backup_keep_days" {
  description = "How long the daily dumps are kept; the bucket's own expiry is the same."
  type        = number

  validation {
    condition     = var.backup_keep_days >= 7
    error_message = "Dumps are kept for at least 7 days."
  }
}

variable "passwords" {
  description = "Each database role's password. Ephemeral: in no plan and in no state."
  type        = map(string)
  ephemeral   = true
}

variable "passwords_version" {
  description = "One more makes every password anew."
  type        = number
}

variable "cluster" {
  description = "What the cluster's state puts out."
  type = object({
    oidc    = object({ arn = string, host = string })
    keys    = map(string)
    buckets = map(object({ name = string, arn = string }))
    database = object({
      host = string
      port = number
    })
    cidrs = object({ public = list(string), private = list(string), data = list(string) })
  })
}
