output "zone_id" {
  description = "The zone."
  value       = aws_route53_zone.this.zone_id
}

output "zone_arn" {
  description = "For the policy of what may write records."
  value       = aws_route53_zone.this.arn
}

output "name_servers" {
  description = "What the registrar has to name."
  value       = aws_route53_zone.this.name_servers
}

output "ds_record" {
  description = "What the registrar has to publish for the signatures to count."
  value       = aws_route53_key_signing_key.this.ds_record
}
