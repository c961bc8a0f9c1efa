mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name                     = "kasbah-test"
  node_type                = "cache.t4g.small"
  replicas                 = 1
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-1", "subnet-2"]
  client_security_group_id = "sg-1"
  key_arn                  = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001"
  log_key_arn              = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000002"
}

run "tls_alone_and_no_password" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_mode == "required" && tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled)
    error_message = "Plaintext on the wire or on disk."
  }

  assert {
    condition     = aws_elasticache_user.kasbah.authentication_mode[0].type == "iam" && strcontains(aws_elasticache_user.kasbah.access_string, "-@dangerous")
    error_message = "A password, or commands that counters do not need."
  }
}

run "a_replica_takes_over_where_there_is_one" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.num_cache_clusters == 2
    error_message = "A failed node empties the cache."
  }
}
