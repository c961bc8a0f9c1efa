output "name" {
  description = "The bucket."
  value       = aws_s3_bucket.this.id
}

output "arn" {
  description = "For policies."
  value       = aws_s3_bucket.this.arn
}
