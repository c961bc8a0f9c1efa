variable "account_id" {
  description = "The account's number: no other is touched."
  type        = string
}

variable "region" {
  description = "The region."
  type        = string
}

variable "state_bucket" {
  description = "Where the states are."
  type        = string
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

variable "administrator_role_arn" {
  description = "Who administers the cluster by hand."
  type        = string
}

variable "runner_security_group_ids" {
  description = "Security groups of the runners that deploy, by name."
  type        = map(string)
  default     = {}
}

variable "production_account_id" {
  description = "Production's account, which pulls the images that are pushed here."
  type        = string
}
