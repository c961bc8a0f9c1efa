output "role_arns" {
  description = "ARN of each role: plan, apply, deploy, restore-test, and images where there is a registry."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}
