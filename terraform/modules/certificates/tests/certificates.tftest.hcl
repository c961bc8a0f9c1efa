mock_provider "aws" {
  override_during = plan

  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000001"
      # The name and its wildcard share one proof.
      domain_validation_options = [
        { domain_name = "kasbah.example", resource_record_name = "_p.kasbah.example.", resource_record_type = "CNAME", resource_record_value = "_v.acm-validations.aws." },
        { domain_name = "*.kasbah.example", resource_record_name = "_p.kasbah.example.", resource_record_type = "CNAME", resource_record_value = "_v.acm-validations.aws." },
      ]
    }
  }
}

variables {
  domain  = "kasbah.example"
  zone_id = "Z1"
}

run "renews_by_itself" {
  command = plan

  assert {
    condition     = aws_acm_certificate.this.validation_method == "DNS" && aws_acm_certificate.this.subject_alternative_names == toset(["*.kasbah.example"])
    error_message = "Tenants' names are not covered, or somebody has to renew by hand."
  }

  assert {
    condition     = aws_route53_record.proof.name == "_p.kasbah.example." && length(aws_route53_record.proof.records) == 1
    error_message = "The proof is not in the zone."
  }
}
