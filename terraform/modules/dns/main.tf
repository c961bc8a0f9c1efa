# The public zone: signed, its queries logged, and no authority but Amazon's may certify names in
# it.
data "aws_caller_identity" "current" {}

resource "aws_route53_zone" "this" {
  name          = var.domain
  force_destroy = false

  lifecycle {
    prevent_destroy = true
  }
}

data "aws_iam_policy_document" "signing" {
  # checkov:skip=CKV_AWS_109:A key's policy is about that key alone: its resource can only be "*".
  # checkov:skip=CKV_AWS_111:As above.
  # checkov:skip=CKV_AWS_356:As above.
  statement {
    sid       = "AccountDecidesByIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  statement {
    sid       = "Route53Signs"
    actions   = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["dnssec-route53.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  statement {
    sid       = "Route53Grants"
    actions   = ["kms:CreateGrant"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["dnssec-route53.amazonaws.com"]
    }

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
}

resource "aws_kms_key" "signing" {
  # checkov:skip=CKV_AWS_7:KMS does not rotate asymmetric keys; a new key-signing key is made beside the old one.
  provider = aws.us_east_1

  description              = "Signs the zone ${var.domain}"
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = 30
  policy                   = data.aws_iam_policy_document.signing.json

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_route53_key_signing_key" "this" {
  hosted_zone_id             = aws_route53_zone.this.id
  key_management_service_arn = aws_kms_key.signing.arn
  name                       = "kasbah"
}

resource "aws_route53_hosted_zone_dnssec" "this" {
  hosted_zone_id = aws_route53_key_signing_key.this.hosted_zone_id
}

resource "aws_route53_record" "authorities" {
  zone_id = aws_route53_zone.this.zone_id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600
  records = ["0 issue \"amazon.com\"", "0 issuewild \"amazon.com\""]
}

data "aws_iam_policy_document" "query_log" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.query.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["route53.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_cloudwatch_log_group" "query" {
  # checkov:skip=CKV_AWS_158:Queries are public names; the key would be one more in another region.
  # checkov:skip=CKV_AWS_338:Queries carry addresses of people's resolvers: 90 days, not a year.
  provider = aws.us_east_1

  name              = "/aws/route53/${var.domain}"
  retention_in_days = var.log_retention_days
}

resource "aws_cloudwatch_log_resource_policy" "query" {
  provider = aws.us_east_1

  policy_name     = "route53-${replace(var.domain, ".", "-")}"
  policy_document = data.aws_iam_policy_document.query_log.json
}

resource "aws_route53_query_log" "this" {
  zone_id                  = aws_route53_zone.this.zone_id
  cloudwatch_log_group_arn = aws_cloudwatch_log_group.query.arn

  depends_on = [aws_cloudwatch_log_resource_policy.query]
}
