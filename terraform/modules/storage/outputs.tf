output "buckets" {
  description = "Name and ARN of each bucket: files, shares, archive."
  value       = { for purpose, bucket in module.this : purpose => { name = bucket.name, arn = bucket.arn } }
}

output "log_bucket" {
  description = "Where requests to buckets are written down."
  value       = module.access_logs.name
}
