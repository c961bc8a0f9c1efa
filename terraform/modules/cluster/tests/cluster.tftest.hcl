mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  # Known only when there is a cluster.
  override_during = plan

  mock_resource "aws_eks_cluster" {
    defaults = {
      identity = [{ oidc = [{ issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/TEST" }] }]
    }
  }
}

variables {
  name                = "kasbah-test"
  kubernetes_version  = "1.34"
  subnet_ids          = ["subnet-1", "subnet-2"]
  secrets_key_arn     = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001"
  log_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000002"
  disk_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000003"
  deletion_protection = true
  nodes               = { instance_types = ["m7i.large"], min = 2, max = 4, desired = 2 }
  access = {
    administrator = { role_arn = "arn:aws:iam::111122223333:role/admin", policy = "AmazonEKSClusterAdminPolicy" }
    deploy        = { role_arn = "arn:aws:iam::111122223333:role/deploy", policy = "AmazonEKSAdminPolicy", namespaces = ["kasbah"] }
  }
}

run "the_api_is_inside_and_whoever_made_it_has_no_rights" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access == false && aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "The API has a public address."
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions == false
    error_message = "Somebody has rights by something else than an access entry."
  }

  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5 && aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.secrets_key_arn && aws_eks_cluster.this.deletion_protection
    error_message = "Logs, the Secrets' key or the protection are not what was asked for."
  }
}

run "who_deploys_is_kept_to_one_namespace" {
  command = plan

  assert {
    condition     = one(aws_eks_access_policy_association.this["deploy"].access_scope).type == "namespace" && one(aws_eks_access_policy_association.this["administrator"].access_scope).type == "cluster"
    error_message = "A namespaced right is for the whole cluster."
  }
}

run "pods_do_not_reach_the_nodes_credentials" {
  command = plan

  assert {
    condition     = aws_launch_template.node.metadata_options[0].http_tokens == "required" && aws_launch_template.node.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "A pod can ask the node's metadata service."
  }

  assert {
    condition     = alltrue([for disk in aws_launch_template.node.block_device_mappings : disk.ebs[0].kms_key_id == var.disk_key_arn])
    error_message = "A disk is not sealed with its key."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "Nobody enforces the chart's NetworkPolicies."
  }
}

run "fewer_nodes_than_the_least_are_refused" {
  command = plan

  variables {
    nodes = { instance_types = ["m7i.large"], min = 3, max = 4, desired = 2 }
  }

  expect_failures = [var.nodes]
}
