variable "name" {
  description = "The cache's name, such as kasbah-prod."
  type        = string
}

variable "node_type" {
  description = "How much machine."
  type        = string
}

variable "replicas" {
  description = "Copies in other zones; with none, a failed node empties the cache."
  type        = number
}

variable "vpc_id" {
  description = "The network it is in."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a way out."
  type        = list(string)
}

variable "client_security_group_id" {
  description = "Who may connect: the cluster's nodes and pods."
  type        = string
}

variable "key_arn" {
  description = "KMS key of what is on disk."
  type        = string
}

variable "log_key_arn" {
  description = "KMS key of its logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long its logs are kept."
  type        = number
  default     = 90
}
