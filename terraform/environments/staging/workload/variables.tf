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

variable "domain" {
  description = "The public zone: tenants answer below it."
  type        = string
}

variable "registry_account_id" {
  description = "The account that images are pulled from: staging's."
  type        = string
}
