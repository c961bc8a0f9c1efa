# Counters of the rate limits: nothing that is not made again by itself. TLS alone, and a user that
# can do what counters need, by IAM: there is no password.
resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-cache-"
  description = "The cache"
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id            = aws_security_group.this.id
  description                  = "Redis protocol over TLS, from the cluster"
  referenced_security_group_id = var.client_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_elasticache_user" "kasbah" {
  user_id       = "${var.name}-kasbah"
  user_name     = "${var.name}-kasbah"
  engine        = "valkey"
  access_string = "on ~kasbah:* -@all +@read +@write +@scripting +@connection -@dangerous"

  authentication_mode {
    type = "iam"
  }
}

resource "aws_elasticache_user_group" "this" {
  engine        = "valkey"
  user_group_id = var.name
  user_ids      = [aws_elasticache_user.kasbah.user_id]
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:Logs of queries name people: 90 days, while the trail itself is in the audit.
  for_each = toset(["engine-log", "slow-log"])

  name              = "/${var.name}/cache/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
}

resource "aws_elasticache_replication_group" "this" {
  # checkov:skip=CKV2_AWS_50:On wherever there is a replica; the check does not evaluate the condition.
  # checkov:skip=CKV_AWS_31:Users of a group come in by IAM, which an auth_token would exclude.
  replication_group_id       = var.name
  description                = "Counters of Kasbah's rate limits"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = var.node_type
  num_cache_clusters         = var.replicas + 1
  automatic_failover_enabled = var.replicas > 0
  multi_az_enabled           = var.replicas > 0

  subnet_group_name  = aws_elasticache_subnet_group.this.name
  security_group_ids = [aws_security_group.this.id]
  user_group_ids     = [aws_elasticache_user_group.this.user_group_id]

  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  at_rest_encryption_enabled = true
  kms_key_id                 = var.key_arn

  maintenance_window         = "sun:04:30-sun:05:30"
  auto_minor_version_upgrade = true

  dynamic "log_delivery_configuration" {
    for_each = aws_cloudwatch_log_group.this

    content {
      destination      = log_delivery_configuration.value.name
      destination_type = "cloudwatch-logs"
      log_format       = "json"
      log_type         = log_delivery_configuration.key
    }
  }
}
