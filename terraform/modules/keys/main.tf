# One key for each purpose, so that a right to one of them says something. The vault's seal is the
# one that matters most: what it wraps is everybody's root key, and its end is the end of every
# secret.
data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  # Which of AWS's services may use the key by itself, and for whom.
  purposes = {
    backups  = { services = ["backup.amazonaws.com"], description = "Backups and dumps" }
    cache    = { services = [], description = "The cache" }
    cluster  = { services = [], description = "Kubernetes secrets" }
    database = { services = ["rds.amazonaws.com"], description = "PostgreSQL, its snapshots and its insights" }
    logs = {
      services    = ["logs.${data.aws_region.current.region}.amazonaws.com", "delivery.logs.amazonaws.com"]
      description = "Logs"
    }
    nodes    = { services = [], description = "Disks of the nodes" }
    registry = { services = [], description = "Images" }
    seal     = { services = [], description = "Opens the vault: what it wraps is the root key" }
    secrets  = { services = [], description = "Passwords of the database's roles" }
    storage  = { services = [], description = "Files, archives and shares" }
  }
}

data "aws_iam_policy_document" "key" {
  # checkov:skip=CKV_AWS_109:A key's policy is about that key alone: its resource can only be "*".
  # checkov:skip=CKV_AWS_111:As above.
  # checkov:skip=CKV_AWS_356:As above.
  for_each = local.purposes

  # IAM policies of this account decide; without this line nobody could ever change the key again.
  statement {
    sid       = "AccountDecidesByIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.services) > 0 ? [each.value.services] : []

    content {
      sid = "ServicesOfThisAccount"
      actions = [
        "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:CreateGrant",
      ]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = statement.value
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.current.account_id]
      }
    }
  }
}

resource "aws_kms_key" "this" {
  for_each = local.purposes

  description             = "${var.name}: ${each.value.description}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key[each.key].json

  lifecycle {
    prevent_destroy = true
  }

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_kms_alias" "this" {
  for_each = aws_kms_key.this

  name          = "alias/${var.name}-${each.key}"
  target_key_id = each.value.key_id
}
