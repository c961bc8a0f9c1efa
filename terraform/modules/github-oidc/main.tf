# GitHub's workflows as roles, for minutes at a time. A token is taken only from one environment of
# one repository, by equality: since July 2026 GitHub writes the owner's and the repository's
# numbers into it, so that whoever takes over a name gets nothing.
locals {
  subject = "repo:${var.repository.owner}@${var.repository.owner_id}/${var.repository.name}@${var.repository.id}"

  # Role → GitHub environment. What approval each needs is that environment's setting.
  roles = merge(
    {
      apply        = "${var.environment}-infrastructure"
      deploy       = var.environment
      plan         = "${var.environment}-plan"
      restore-test = "${var.environment}-restore-test"
    },
    length(var.repository_arns) > 0 ? { images = "images" } : {},
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["${local.subject}:environment:${each.value}"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "kasbah-github-${each.key}"
  description          = "GitHub environment ${each.value} of ${var.repository.owner}/${var.repository.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = contains(["images", "restore-test"], each.key) ? 10800 : 3600
  permissions_boundary = each.key == "apply" ? aws_iam_policy.boundary.arn : null
}
