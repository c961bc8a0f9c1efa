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
  name           = "kasbah-test"
  account_id     = "111122223333"
  key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001"
  log_bucket     = "kasbah-test-logs"
  database_arn   = "arn:aws:rds:eu-central-1:111122223333:db:kasbah-test"
  retention_days = 14
}

run "daily_and_nobody_deletes_early" {
  command = plan

  assert {
    condition     = one(aws_backup_plan.this.rule).schedule == "cron(0 1 * * ? *)" && one(one(aws_backup_plan.this.rule).lifecycle).delete_after == 14
    error_message = "Not daily, or not kept as long as asked."
  }

  assert {
    condition     = aws_backup_vault_lock_configuration.this.min_retention_days == 7 && aws_backup_selection.this.resources == toset([var.database_arn])
    error_message = "A backup can be deleted within a week, or is of something else."
  }

  assert {
    condition     = length(one(aws_backup_plan.this.rule).copy_action) == 0
    error_message = "Copies go where nobody asked for one."
  }
}

run "a_second_copy_elsewhere" {
  command = plan

  variables {
    copy_to_vault_arn = "arn:aws:backup:eu-west-1:111122223333:backup-vault:elsewhere"
  }

  assert {
    condition     = one(one(aws_backup_plan.this.rule).copy_action).destination_vault_arn == var.copy_to_vault_arn
    error_message = "There is no second copy."
  }
}

run "six_days_are_refused" {
  command = plan

  variables {
    retention_days = 6
  }

  expect_failures = [var.retention_days]
}
