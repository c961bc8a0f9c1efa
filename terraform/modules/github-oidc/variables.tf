variable "name" {
  description = "The cluster's and the database's name, such as kasbah-prod."
  type        = string
}

variable "environment" {
  description = "staging or prod: GitHub's environments are named after it."
  type        = string

  validation {
    condition     = contains(["staging", "prod"], var.environment)
    error_message = "environment is staging or prod."
  }
}

variable "repository" {
  description = "The repository with the numbers that GitHub gave it and its owner: names can be taken over, numbers cannot."
  type = object({
    owner    = string
    owner_id = number
    name     = string
    id       = number
  })

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+$", var.repository.owner)) && can(regex("^[A-Za-z0-9._-]+$", var.repository.name))
    error_message = "owner and name are plain: no *, no /, no @."
  }

  validation {
    condition     = var.repository.owner_id > 0 && var.repository.id > 0
    error_message = "owner_id and id are the numbers that GitHub's API reports."
  }
}

variable "account_id" {
  description = "The account's number."
  type        = string
}

variable "region" {
  description = "The only region in which the roles may do something."
  type        = string
}

variable "repository_arns" {
  description = "Image repositories that may be pushed to; none in an account that only pulls."
  type        = list(string)
}


variable "state_bucket_arn" {
  description = "Where Terraform's states are."
  type        = string
}

variable "cluster_arn" {
  description = "The cluster that is deployed to."
  type        = string
}
