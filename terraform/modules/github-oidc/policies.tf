# Pushing images.
data "aws_iam_policy_document" "images" {
  count = length(var.repository_arns) > 0 ? 1 : 0

  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # has no resource
  }

  statement {
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    ]
    resources = var.repository_arns
  }
}

# Planning: reads what is set up, never what is kept in it.
data "aws_iam_policy_document" "plan" {
  statement {
    sid       = "States"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = [var.state_bucket_arn, "${var.state_bucket_arn}/*"]
  }

  # ReadOnlyAccess would read these as well.
  statement {
    sid    = "NotWhatIsKept"
    effect = "Deny"
    actions = [
      "secretsmanager:GetSecretValue", "ssm:GetParameter*", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan",
      "logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery", "rds-data:*", "rds:DownloadDBLogFilePortion",
    ]
    resources = ["*"]
  }

  statement {
    sid           = "NotWhatIsStored"
    effect        = "Deny"
    actions       = ["s3:GetObject", "s3:GetObjectVersion"]
    not_resources = ["${var.state_bucket_arn}/*"]
  }
}

# Deploying: finding the cluster and pulling images. What it may do inside is the cluster's access
# entry.
data "aws_iam_policy_document" "deploy" {
  statement {
    actions   = ["eks:DescribeCluster"]
    resources = [var.cluster_arn]
  }

  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # has no resource
  }

  # Signatures are kept beside the images; in production's account they are another's repositories.
  statement {
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:aws:ecr:${var.region}:*:repository/kasbah-*"]
  }
}

# The restore test: one copy, by its name, and its end.
data "aws_iam_policy_document" "restore_test" {
  statement {
    actions   = ["eks:DescribeCluster"]
    resources = [var.cluster_arn]
  }

  statement {
    actions   = ["rds:DescribeDBInstances"]
    resources = ["arn:aws:rds:${var.region}:${var.account_id}:db:*"]
  }

  statement {
    actions = ["rds:RestoreDBInstanceToPointInTime"]
    resources = [
      "arn:aws:rds:${var.region}:${var.account_id}:db:${var.name}",
      "arn:aws:rds:${var.region}:${var.account_id}:db:${var.name}-restore-test",
      "arn:aws:rds:${var.region}:${var.account_id}:auto-backup:*",
      "arn:aws:rds:${var.region}:${var.account_id}:pg:${var.name}-*",
      "arn:aws:rds:${var.region}:${var.account_id}:subgrp:${var.name}-*",
    ]
  }

  statement {
    actions   = ["rds:DeleteDBInstance", "rds:AddTagsToResource"]
    resources = ["arn:aws:rds:${var.region}:${var.account_id}:db:${var.name}-restore-test"]
  }
}

# Applying: whatever these modules are made of, in this region, and roles only within the boundary
# below.
data "aws_iam_policy_document" "boundary" {
  # checkov:skip=CKV_AWS_107:A boundary grants nothing: it is what a role can have at the most.
  # checkov:skip=CKV_AWS_108:As above.
  # checkov:skip=CKV_AWS_109:As above; IAM is narrowed by the statements that deny.
  # checkov:skip=CKV_AWS_110:As above.
  # checkov:skip=CKV_AWS_111:As above.
  # checkov:skip=CKV_AWS_356:As above.
  # checkov:skip=CKV2_AWS_40:As above: roles for pods are what is applied.
  statement {
    sid = "WhatTheModulesAreMadeOf"
    actions = [
      "acm:*", "backup:*", "backup-storage:*", "ec2:*", "ecr:*", "eks:*", "elasticache:*", "iam:*", "kms:*", "logs:*",
      "rds:*", "route53:*", "s3:*", "secretsmanager:*", "sts:GetCallerIdentity", "wafv2:*",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "NotAnotherRegion"
    effect    = "Deny"
    resources = ["*"]
    not_actions = [
      "iam:*", "route53:*", "sts:*",
      # A zone's signing key and query log are in us-east-1, where Route 53 is.
      "kms:*", "logs:*",
    ]

    condition {
      test     = "StringNotEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }

  statement {
    sid    = "NotWhatIsKept"
    effect = "Deny"
    actions = [
      "secretsmanager:GetSecretValue", "kms:ScheduleKeyDeletion", "kms:DisableKey", "backup:DeleteRecoveryPoint",
      "backup:DeleteBackupVaultLockConfiguration", "s3:BypassGovernanceRetention",
    ]
    resources = ["*"]
  }

  statement {
    sid    = "NobodyWithAPassword"
    effect = "Deny"
    actions = [
      "iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile",
      "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary",
    ]
    resources = ["*"]
  }

  # Its own trust and bounds are changed by an administrator, not by a workflow.
  statement {
    sid    = "NotItself"
    effect = "Deny"
    actions = [
      "iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:DeleteRole",
      "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy",
    ]
    resources = [
      "arn:aws:iam::${var.account_id}:role/kasbah-github-*",
      "arn:aws:iam::${var.account_id}:policy/kasbah-github-*",
    ]
  }
}

resource "aws_iam_policy" "boundary" {
  # checkov:skip=CKV_AWS_286:A boundary grants nothing: it is what a role can have at the most.
  # checkov:skip=CKV_AWS_287:As above.
  # checkov:skip=CKV_AWS_288:As above.
  # checkov:skip=CKV_AWS_289:As above.
  # checkov:skip=CKV_AWS_290:As above.
  # checkov:skip=CKV_AWS_355:As above.
  # checkov:skip=CKV2_AWS_40:As above.
  name        = "kasbah-github-boundary"
  description = "What applying can do at the most"
  policy      = data.aws_iam_policy_document.boundary.json
}

resource "aws_iam_role_policy" "this" {
  for_each = merge(
    {
      deploy       = data.aws_iam_policy_document.deploy.json
      plan         = data.aws_iam_policy_document.plan.json
      restore-test = data.aws_iam_policy_document.restore_test.json
    },
    length(var.repository_arns) > 0 ? { images = data.aws_iam_policy_document.images[0].json } : {},
  )

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = each.value
}

resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.this["plan"].name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

# Grants what the boundary leaves, and no more.
resource "aws_iam_role_policy_attachment" "apply" {
  role       = aws_iam_role.this["apply"].name
  policy_arn = aws_iam_policy.boundary.arn
}
