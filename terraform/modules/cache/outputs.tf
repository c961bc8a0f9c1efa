output "host" {
  description = "Where it answers, inside the network, over TLS."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "port" {
  description = "Its port."
  value       = 6379
}

output "user" {
  description = "The user that services are."
  value       = aws_elasticache_user.kasbah.user_name
}

output "connect_arns" {
  description = "What a role needs elasticache:Connect on."
  value       = [aws_elasticache_replication_group.this.arn, aws_elasticache_user.kasbah.arn]
}
