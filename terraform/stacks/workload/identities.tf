# A role for each service account that speaks to AWS, with what it needs and no more.
locals {
  # Buckets that a service keeps objects in, and what it may do with them there.
  objects = {
    vault = {
      what    = "Shares"
      bucket  = var.cluster.buckets.shares.arn
      actions = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      key     = var.cluster.keys.storage
    }
    tenant-data = {
      what    = "Files"
      bucket  = var.cluster.buckets.files.arn
      actions = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      key     = var.cluster.keys.storage
    }
    # Archives a trail, and takes nothing away: the bucket's lock would not let it.
    audit = {
      what    = "Archive"
      bucket  = var.cluster.buckets.archive.arn
      actions = ["s3:GetObject", "s3:PutObject"]
      key     = var.cluster.keys.storage
    }
    backup = {
      what    = "Dumps"
      bucket  = var.cluster.buckets.dumps.arn
      actions = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      key     = var.cluster.keys.backups
    }
  }
}

data "aws_iam_policy_document" "objects" {
  for_each = local.objects

  statement {
    sid       = each.value.what
    actions   = each.value.actions
    resources = ["${each.value.bucket}/*"]
  }

  statement {
    sid       = "${each.value.what}Listed"
    actions   = ["s3:ListBucket"]
    resources = [each.value.bucket]
  }

  statement {
    sid       = "${each.value.what}Sealed"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [each.value.key]
  }
}

data "aws_iam_policy_document" "vault" {
  source_policy_documents = [data.aws_iam_policy_document.objects["vault"].json]

  statement {
    sid       = "OpensTheRootKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"]
    resources = [var.cluster.keys.seal]
  }
}

# External Secrets, which copies secrets into the cluster.
data "aws_iam_policy_document" "external_secrets" {
  statement {
    sid       = "Reads"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = module.secrets.arns
  }

  statement {
    sid       = "Opens"
    actions   = ["kms:Decrypt"]
    resources = [var.cluster.keys.secrets]
  }
}

module "identity" {
  source = "../../modules/workload-identity"
  for_each = {
    "${local.release}-vault"       = { namespace = local.namespace, policy = data.aws_iam_policy_document.vault.json }
    "${local.release}-tenant-data" = { namespace = local.namespace, policy = data.aws_iam_policy_document.objects["tenant-data"].json }
    "${local.release}-audit"       = { namespace = local.namespace, policy = data.aws_iam_policy_document.objects["audit"].json }
    "${local.release}-backup"      = { namespace = local.namespace, policy = data.aws_iam_policy_document.objects["backup"].json }
    external-secrets               = { namespace = "external-secrets", policy = data.aws_iam_policy_document.external_secrets.json }
  }

  name            = local.name
  oidc            = var.cluster.oidc
  namespace       = each.value.namespace
  service_account = each.key
  policy          = each.value.policy
}
