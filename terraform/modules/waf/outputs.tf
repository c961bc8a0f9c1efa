output "arn" {
  description = "For the edge's load balancer."
  value       = aws_wafv2_web_acl.this.arn
}
