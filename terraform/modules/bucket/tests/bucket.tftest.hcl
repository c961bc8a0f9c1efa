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
  name    = "kasbah-test-111122223333"
  key_arn = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001"

  log_bucket = "kasbah-test-logs"
}

run "never_public_and_one_key" {
  command = plan

  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy, aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets])
    error_message = "The bucket can be made public."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.key_arn
    error_message = "Not sealed with its key."
  }

  assert {
    condition     = toset([for s in data.aws_iam_policy_document.this.statement : s.sid if s.effect == "Deny"]) == toset(["TlsAlone", "NoOtherKey"])
    error_message = "Plaintext or another key is not refused."
  }
}

run "what_is_deleted_is_gone_without_versions" {
  command = plan

  variables {
    versioned = false
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 0 && length(aws_s3_bucket_lifecycle_configuration.this.rule) == 1
    error_message = "Something keeps what was deleted."
  }
}

run "what_is_locked_stays" {
  command = plan

  variables {
    lock_days = 30
  }

  assert {
    condition     = aws_s3_bucket.this.object_lock_enabled && aws_s3_bucket_object_lock_configuration.this[0].rule[0].default_retention[0].mode == "COMPLIANCE"
    error_message = "An administrator can delete what is locked."
  }
}

run "a_lock_without_versions_is_refused" {
  command = plan

  variables {
    versioned = false
    lock_days = 30
  }

  expect_failures = [var.lock_days]
}

run "a_bucket_that_nobody_watches_is_refused" {
  command = plan

  variables {
    log_bucket = ""
  }

  expect_failures = [var.log_bucket]
}
