variable "name" {
  description = "Prefix of every name, such as kasbah-prod."
  type        = string
}
