mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name            = "kasbah-test"
  oidc            = { arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/1", host = "oidc.example/id/1" }
  namespace       = "kasbah"
  service_account = "kasbah-vault"
  policy          = "{}"
}

run "one_service_account_of_one_cluster" {
  command = plan

  assert {
    condition = { for c in data.aws_iam_policy_document.trust.statement[0].condition : c.variable => one(c.values) } == {
      "oidc.example/id/1:aud" = "sts.amazonaws.com"
      "oidc.example/id/1:sub" = "system:serviceaccount:kasbah:kasbah-vault"
    }
    error_message = "Somebody else's pods can be this role."
  }

  assert {
    condition     = alltrue([for c in data.aws_iam_policy_document.trust.statement[0].condition : c.test == "StringEquals"])
    error_message = "Trust by pattern."
  }
}

run "a_pattern_is_no_service_account" {
  command = plan

  variables {
    service_account = "*"
  }

  expect_failures = [var.service_account]
}
