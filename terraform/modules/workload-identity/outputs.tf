output "role_arn" {
  description = "The pods' role."
  value       = aws_iam_role.this.arn
}
