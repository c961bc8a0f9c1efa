mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
}

variables {
  name = "kasbah-test"
}

run "a_key_for_each_purpose_that_turns" {
  command = plan

  assert {
    condition     = toset(keys(aws_kms_key.this)) == toset(["backups", "cache", "cluster", "database", "logs", "nodes", "registry", "seal", "secrets", "storage"])
    error_message = "A purpose has no key of its own."
  }

  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "A key does not turn, or goes too soon."
  }
}

run "no_service_may_use_the_seal" {
  command = plan

  assert {
    condition     = length(data.aws_iam_policy_document.key["seal"].statement) == 1
    error_message = "A service of AWS may use the key that opens the vault."
  }

  assert {
    condition     = alltrue([for document in data.aws_iam_policy_document.key : alltrue([for s in document.statement : s.sid == "AccountDecidesByIam" || length(s.condition) == 1])])
    error_message = "A service may use a key for another account."
  }
}
