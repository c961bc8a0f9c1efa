mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
}

variables {
  name            = "kasbah-test"
  account_id      = "111122223333"
  key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001"
  audit_lock_days = 365
}

run "a_bucket_for_each_purpose" {
  command = plan

  assert {
    condition     = toset(keys(output.buckets)) == toset(["archive", "files", "shares"])
    error_message = "What services keep has no place."
  }
}
