mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
}

mock_provider "aws" {
  alias = "us_east_1"
}

variables {
  domain = "kasbah.example"
}

run "signed_logged_and_one_authority" {
  command = plan

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  assert {
    condition     = aws_kms_key.signing.customer_master_key_spec == "ECC_NIST_P256" && aws_kms_key.signing.key_usage == "SIGN_VERIFY"
    error_message = "Route 53 cannot sign with this key."
  }

  assert {
    condition     = aws_route53_record.authorities.type == "CAA" && alltrue([for r in aws_route53_record.authorities.records : strcontains(r, "amazon.com")])
    error_message = "Another authority may certify names of the zone."
  }

  assert {
    condition     = aws_cloudwatch_log_group.query.retention_in_days == 90 && !aws_route53_zone.this.force_destroy
    error_message = "Queries are kept too long, or the zone goes with its records."
  }
}
