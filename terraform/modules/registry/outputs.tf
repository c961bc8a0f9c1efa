output "repositories" {
  description = "URL of each repository by the image's name."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "arns" {
  description = "For the policy of who may push."
  value       = concat([for repository in aws_ecr_repository.this : repository.arn], [aws_ecr_repository.cache.arn])
}
