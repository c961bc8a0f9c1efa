output "arn" {
  description = "The certificate, once it is valid: for the edge's load balancer."
  value       = aws_acm_certificate_validation.this.certificate_arn
}
