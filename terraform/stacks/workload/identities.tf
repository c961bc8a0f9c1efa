# A role for each service account that speaks to AWS, with what it needs and no more.
data "aws_iam_policy_document" "vault" {
  statement {
    sid       = "OpensTheRootKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"]
    resources = [var.cluster.keys.seal]
  }

  statement {
    sid       = "Shares"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.cluster.buckets.shares.arn}/*"]
  }

  statement {
    sid       = "SharesListed"
    actions   = ["s3:ListBucket"]
    resources = [var.cluster.buckets.shares.arn]
  }

  statement {
    sid       = "SharesSealed"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.cluster.keys.storage]
  }
}

data "aws_iam_policy_document" "tenant_data" {
  statement {
    sid       = "Files"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.cluster.buckets.files.arn}/*"]
  }

  statement {
    sid       = "FilesListed"
    actions   = ["s3:ListBucket"]
    resources = [var.cluster.buckets.files.arn]
  }

  statement {
    sid       = "FilesSealed"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.cluster.keys.storage]
  }
}

# Archives a trail, and takes nothing away: the bucket's lock would not let it.
data "aws_iam_policy_document" "audit" {
  statement {
    sid       = "Archive"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.cluster.buckets.archive.arn}/*"]
  }

  statement {
    sid       = "ArchiveListed"
    actions   = ["s3:ListBucket"]
    resources = [var.cluster.buckets.archive.arn]
  }

  statement {
    sid       = "ArchiveSealed"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.cluster.keys.storage]
  }
}

data "aws_iam_policy_document" "backup" {
  statement {
    sid       = "Dumps"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.cluster.buckets.dumps.arn}/*"]
  }

  statement {
    sid       = "DumpsListed"
    actions   = ["s3:ListBucket"]
    resources = [var.cluster.buckets.dumps.arn]
  }

  statement {
    sid       = "DumpsSealed"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.cluster.keys.backups]
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
    "${local.release}-tenant-data" = { namespace = local.namespace, policy = data.aws_iam_policy_document.tenant_data.json }
    "${local.release}-audit"       = { namespace = local.namespace, policy = data.aws_iam_policy_document.audit.json }
    "${local.release}-backup"      = { namespace = local.namespace, policy = data.aws_iam_policy_document.backup.json }
    external-secrets               = { namespace = "external-secrets", policy = data.aws_iam_policy_document.external_secrets.json }
  }

  name            = local.name
  oidc            = var.cluster.oidc
  namespace       = each.value.namespace
  service_account = each.key
  policy          = each.value.policy
}
