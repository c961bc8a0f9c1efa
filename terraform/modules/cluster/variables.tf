variable "name" {
  description = "The cluster's name, such as kasbah-prod."
  type        = string
}

variable "kubernetes_version" {
  description = "Kubernetes' minor version."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of nodes and of the API's addresses."
  type        = list(string)
}

variable "runner_security_group_ids" {
  description = "Who may reach the API besides the nodes: the runners that deploy."
  type        = map(string)
  default     = {}
}

variable "secrets_key_arn" {
  description = "KMS key of Kubernetes' Secrets."
  type        = string
}

variable "log_key_arn" {
  description = "KMS key of the control plane's logs."
  type        = string
}

variable "disk_key_arn" {
  description = "KMS key of the nodes' disks."
  type        = string
}

variable "log_retention_days" {
  description = "How long the control plane's logs are kept."
  type        = number
  default     = 365
}

variable "deletion_protection" {
  description = "Whether the cluster refuses to be deleted."
  type        = bool
}

variable "nodes" {
  description = "The nodes: their types and how many at least, at most and at first."
  type = object({
    instance_types = list(string)
    min            = number
    max            = number
    desired        = number
    disk_gib       = optional(number, 50)
  })

  validation {
    condition     = var.nodes.min <= var.nodes.desired && var.nodes.desired <= var.nodes.max
    error_message = "nodes: min <= desired <= max."
  }
}

variable "access" {
  description = "Who may do what: IAM role, an EKS access policy, the namespaces it is for (none: all), and groups."
  type = map(object({
    role_arn   = string
    policy     = string
    namespaces = optional(list(string), [])
    groups     = optional(set(string), [])
  }))
  default = {}
}
