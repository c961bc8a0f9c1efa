output "arns" {
  description = "ARN of each key by its purpose: seal, database, storage and so on."
  value       = { for purpose, key in aws_kms_key.this : purpose => key.arn }
}
