# The edge's certificate, which renews by itself as long as its proof stays in the zone. Inside,
# services have certificates of cert-manager's authority: no public one names them.
resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"
  key_algorithm             = "EC_prime256v1"

  options {
    certificate_transparency_logging_preference = "ENABLED"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# The name and its wildcard share one proof.
resource "aws_route53_record" "proof" {
  zone_id         = var.zone_id
  name            = one(distinct([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_name]))
  type            = one(distinct([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_type]))
  records         = distinct([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_value])
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}
