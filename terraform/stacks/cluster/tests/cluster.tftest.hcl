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

  override_during = plan

  mock_resource "aws_eks_cluster" {
    defaults = {
      identity = [{ oidc = [{ issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/TEST" }] }]
    }
  }

  mock_resource "aws_db_instance" {
    defaults = { master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:master" }] }
  }
}

variables {
  environment     = "prod"
  account_id      = "111122223333"
  region          = "eu-central-1"
  state_bucket    = "kasbah-states"
  repository      = { owner = "kasbah", owner_id = 4242, name = "kasbah", id = 171717 }
  protected       = true
  network         = { cidr = "10.20.0.0/16", zones = ["eu-central-1a", "eu-central-1b"], nat_per_zone = true }
  database        = { instance_class = "db.m7g.xlarge", storage_gib = { initial = 200, maximum = 2000 }, multi_az = true, backup_retention_days = 35 }
  cache           = { node_type = "cache.m7g.large", replicas = 2 }
  backups         = { retention_days = 35 }
  audit_lock_days = 365
  kubernetes = {
    version                   = "1.34"
    nodes                     = { instance_types = ["m7i.xlarge"], min = 3, max = 12, desired = 3 }
    runner_security_group_ids = {}
    administrator_role_arn    = "arn:aws:iam::111122223333:role/admin"
  }
}

run "production_pulls_from_another_account" {
  command = plan

  assert {
    condition     = output.repositories == {} && !contains(keys(output.github_role_arns), "images")
    error_message = "Production has a registry of its own that somebody could push to."
  }

  assert {
    condition     = toset(keys(output.buckets)) == toset(["archive", "dumps", "files", "shares"])
    error_message = "The workload's state finds no bucket for something."
  }
}

run "staging_is_where_images_are_pushed" {
  command = plan

  variables {
    environment   = "staging"
    image_pullers = ["444455556666"]
  }

  assert {
    condition     = toset(keys(output.repositories)) == toset(["audit", "auth", "csi-provider", "tenant-data", "tools", "vault", "webhook", "witness"])
    error_message = "An image has no repository."
  }
}
