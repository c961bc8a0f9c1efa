variable "domain" {
  description = "The zone's name: certified with everything one label below it."
  type        = string
}

variable "zone_id" {
  description = "The zone in which the proof is written."
  type        = string
}
