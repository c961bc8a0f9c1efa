mock_provider "aws" {}

variables {
  name                      = "kasbah-test"
  requests_per_five_minutes = 5000
  log_key_arn               = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001"
}

run "floods_and_known_attacks_are_refused" {
  command = plan

  assert {
    condition     = length(aws_wafv2_web_acl.this.rule) == 5 && toset([for r in aws_wafv2_web_acl.this.rule : r.priority]) == toset([0, 10, 20, 30, 40])
    error_message = "A rule is missing, or two have one place."
  }

  assert {
    condition     = contains([for r in aws_wafv2_web_acl.this.rule : r.name], "AWSManagedRulesKnownBadInputsRuleSet")
    error_message = "Log4Shell and its like come through."
  }

  assert {
    condition     = one([for r in aws_wafv2_web_acl.this.rule : r.statement[0].rate_based_statement[0].limit if r.name == "flood"]) == 5000
    error_message = "The limit is not the one that was asked for."
  }
}

run "logs_have_no_credential" {
  command = plan

  assert {
    condition     = toset(flatten([for f in aws_wafv2_web_acl_logging_configuration.this.redacted_fields : [for h in f.single_header : h.name]])) == toset(["authorization", "cookie", "x-api-key"])
    error_message = "A credential is written down."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.this.name, "aws-waf-logs-") && alltrue([for r in aws_wafv2_web_acl.this.rule : !r.visibility_config[0].sampled_requests_enabled])
    error_message = "WAF does not write there, or samples show tenants' requests."
  }
}
