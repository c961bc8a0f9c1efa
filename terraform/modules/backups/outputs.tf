output "dumps" {
  description = "Where the daily dumps go."
  value       = { name = module.dumps.name, arn = module.dumps.arn }
}

output "vault_arn" {
  description = "The backup vault."
  value       = aws_backup_vault.this.arn
}
