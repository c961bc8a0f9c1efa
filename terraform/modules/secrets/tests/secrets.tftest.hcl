mock_provider "aws" {}

variables {
  prefix    = "kasbah-test"
  key_arn   = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001"
  roles     = { "kasbah-db-auth" = ["kasbah_auth", "kasbah_auth_relay"], "kasbah-db-backup" = ["kasbah_backup"] }
  passwords = { kasbah_auth = "one", kasbah_auth_relay = "two", kasbah_backup = "three" }
  given     = ["kasbah-seal"]
}

run "passwords_are_in_no_state" {
  command = plan

  assert {
    condition     = alltrue([for v in aws_secretsmanager_secret_version.passwords : v.secret_string == null && v.secret_string_wo_version == 1])
    error_message = "A password is in the state."
  }

  assert {
    condition     = aws_secretsmanager_secret.passwords["kasbah-db-auth"].name == "kasbah-test/kasbah-db-auth"
    error_message = "Not where External Secrets looks: <prefix>/<Secret>."
  }
}

run "nothing_is_put_in_for_a_person" {
  command = plan

  assert {
    condition     = length(aws_secretsmanager_secret.given) == 1 && length(aws_secretsmanager_secret_version.passwords) == 2
    error_message = "A value that only a person has was made up."
  }
}

run "a_role_in_two_secrets_is_refused" {
  command = plan

  variables {
    roles = { "a" = ["kasbah_auth"], "b" = ["kasbah_auth"] }
  }

  expect_failures = [var.roles]
}
