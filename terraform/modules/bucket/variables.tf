variable "name" {
  description = "The bucket's name: unique in the world, so the account's number belongs in it."
  type        = string
}

variable "key_arn" {
  description = "KMS key of what is in it."
  type        = string
}

variable "versioned" {
  description = "Whether what is overwritten or deleted stays for a time. Off where deleting has to be final."
  type        = bool
  default     = true
}

variable "keep_versions_days" {
  description = "How long overwritten and deleted versions stay."
  type        = number
  default     = 30
}

variable "expire_days" {
  description = "After how long objects go by themselves; null: never."
  type        = number
  default     = null
}

variable "lock_days" {
  description = "For how long nobody, no administrator either, can delete an object; null: no lock."
  type        = number
  default     = null

  validation {
    condition     = var.lock_days == null || var.versioned
    error_message = "A lock needs versions."
  }
}

variable "takes_logs" {
  description = "Whether this is where other buckets' requests are written down."
  type        = bool
  default     = false
}

variable "log_bucket" {
  description = "Where requests to this bucket are written down."
  type        = string
  default     = ""

  validation {
    condition     = var.takes_logs || var.log_bucket != ""
    error_message = "Requests to a bucket are written down somewhere."
  }
}
