variable "name" {
  description = "Prefix of the role's name, such as kasbah-prod."
  type        = string
}

variable "oidc" {
  description = "Who vouches for the cluster's pods: the provider's ARN, and its host as conditions name it."
  type        = object({ arn = string, host = string })
}

variable "namespace" {
  description = "Where the pods are."
  type        = string
}

variable "service_account" {
  description = "Whose pods."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+$", var.service_account))
    error_message = "One service account, by its name."
  }
}

variable "policy" {
  description = "What they may do: an IAM policy document."
  type        = string
}
