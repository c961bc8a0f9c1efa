mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  override_during = plan

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/kasbah-github-boundary" }
  }
}

variables {
  name             = "kasbah-prod"
  environment      = "prod"
  repository       = { owner = "kasbah", owner_id = 4242, name = "kasbah", id = 171717 }
  account_id       = "111122223333"
  region           = "eu-central-1"
  repository_arns  = ["arn:aws:ecr:eu-central-1:111122223333:repository/kasbah-auth"]
  state_bucket_arn = "arn:aws:s3:::kasbah-states"
  cluster_arn      = "arn:aws:eks:eu-central-1:111122223333:cluster/kasbah-prod"
}

run "a_token_of_one_environment_by_equality" {
  command = plan

  assert {
    condition = alltrue([for document in data.aws_iam_policy_document.trust : alltrue([
      for c in document.statement[0].condition : c.test == "StringEquals"
    ]) && length(document.statement[0].condition) == 2])
    error_message = "Trust is not by equality of aud and sub."
  }

  assert {
    condition = { for name, document in data.aws_iam_policy_document.trust : name => one(flatten([
      for c in document.statement[0].condition : c.values if c.variable == "token.actions.githubusercontent.com:sub"
      ])) } == {
      apply        = "repo:kasbah@4242/kasbah@171717:environment:prod-infrastructure"
      deploy       = "repo:kasbah@4242/kasbah@171717:environment:prod"
      images       = "repo:kasbah@4242/kasbah@171717:environment:images"
      plan         = "repo:kasbah@4242/kasbah@171717:environment:prod-plan"
      restore-test = "repo:kasbah@4242/kasbah@171717:environment:prod-restore-test"
    }
    error_message = "A role is for another environment, or for whoever took over a name."
  }

  assert {
    condition = alltrue([for document in data.aws_iam_policy_document.trust : one(flatten([
      for c in document.statement[0].condition : c.values if c.variable == "token.actions.githubusercontent.com:aud"
    ])) == "sts.amazonaws.com"])
    error_message = "A token made for somebody else is taken."
  }
}

run "planning_reads_no_secret_and_deploying_changes_no_cloud" {
  command = plan

  assert {
    condition     = anytrue([for s in data.aws_iam_policy_document.plan.statement : s.effect == "Deny" && contains(s.actions, "secretsmanager:GetSecretValue")])
    error_message = "A pull request's plan can read secrets."
  }

  assert {
    condition     = alltrue(flatten([for s in data.aws_iam_policy_document.deploy.statement : [for a in s.actions : can(regex("^(eks:Describe|ecr:(Batch)?Get)", a))]]))
    error_message = "Deploying can change more than the cluster's contents."
  }

  assert {
    condition     = aws_iam_role.this["apply"].permissions_boundary == "arn:aws:iam::111122223333:policy/kasbah-github-boundary"
    error_message = "Applying has no bounds."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.restore_test.statement : alltrue([for r in s.resources : endswith(r, "-restore-test")]) if contains(s.actions, "rds:DeleteDBInstance")])
    error_message = "The restore test can delete the real database."
  }
}

run "no_registry_no_pushing" {
  command = plan

  variables {
    repository_arns = []
  }

  assert {
    condition     = !contains(keys(aws_iam_role.this), "images")
    error_message = "A role to push where there is nothing to push to."
  }
}

run "a_pattern_is_no_repository" {
  command = plan

  variables {
    repository = { owner = "kasbah", owner_id = 4242, name = "*", id = 171717 }
  }

  expect_failures = [var.repository]
}
