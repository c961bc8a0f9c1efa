output "host" {
  description = "Where it answers, inside the network."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "PostgreSQL's port."
  value       = aws_db_instance.this.port
}

output "arn" {
  description = "For the backup plan."
  value       = aws_db_instance.this.arn
}

output "security_group_id" {
  description = "The instance's security group."
  value       = aws_security_group.this.id
}

output "master_secret_arn" {
  description = "Where RDS keeps the master user's password: for the one-time job that makes the roles."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
