output "arns" {
  description = "For the policy of what may read them."
  value = concat(
    [for secret in aws_secretsmanager_secret.passwords : secret.arn],
    [for secret in aws_secretsmanager_secret.given : secret.arn],
  )
}
