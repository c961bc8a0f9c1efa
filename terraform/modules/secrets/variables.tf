variable "prefix" {
  description = "Before every name, such as kasbah-prod: what the chart calls externalSecrets.prefix."
  type        = string
}

variable "key_arn" {
  description = "KMS key of the secrets."
  type        = string
}

variable "roles" {
  description = "Kubernetes Secret → the database roles whose passwords it has."
  type        = map(set(string))

  validation {
    condition     = length(flatten([for roles in values(var.roles) : tolist(roles)])) == length(distinct(flatten([for roles in values(var.roles) : tolist(roles)])))
    error_message = "A role's password is in one Secret: two would get two passwords."
  }
}

variable "passwords" {
  description = "Each role's password. Ephemeral: in no plan and in no state."
  type        = map(string)
  ephemeral   = true
}

variable "passwords_version" {
  description = "One more makes every password anew. PostgreSQL learns them by the chart's roles job."
  type        = number
  default     = 1
}

variable "given" {
  description = "Secrets whose values a person puts in: a vault's seal, who may read backups."
  type        = set(string)
}
