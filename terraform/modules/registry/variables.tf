variable "repositories" {
  description = "A repository for each image, named kasbah-<image>."
  type        = set(string)
}

variable "key_arn" {
  description = "KMS key of the images."
  type        = string
}

variable "pullers" {
  description = "Other accounts that may pull, by number."
  type        = set(string)
  default     = []
}

variable "keep" {
  description = "How many images of each repository are kept."
  type        = number
  default     = 100
}
