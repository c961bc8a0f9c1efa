mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

variables {
  name        = "kasbah-test"
  cidr        = "10.20.0.0/16"
  zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  log_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
}

run "three_kinds_of_subnet_in_each_zone" {
  command = plan

  assert {
    condition     = length(distinct(concat([for s in aws_subnet.public : s.cidr_block], [for s in aws_subnet.private : s.cidr_block], [for s in aws_subnet.data : s.cidr_block]))) == 9
    error_message = "Subnets overlap or are missing."
  }

  assert {
    condition     = alltrue([for s in aws_subnet.public : s.map_public_ip_on_launch == false])
    error_message = "What starts in a public subnet gets a public address."
  }
}

run "the_databases_have_no_way_out" {
  command = plan

  assert {
    condition     = length(aws_route_table_association.data) == 3 && length(aws_route.nat) == 3
    error_message = "Routes out are for private subnets alone."
  }

  assert {
    condition     = aws_security_group.endpoints.description != "" && alltrue([for r in aws_vpc_security_group_ingress_rule.endpoints : r.from_port == 443 && r.cidr_ipv4 != "0.0.0.0/0"])
    error_message = "Somebody else than the pods reaches AWS's endpoints."
  }
}

run "one_way_out_where_it_is_enough" {
  command = plan

  variables {
    nat_per_zone = false
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "One NAT gateway for all zones."
  }
}

run "a_small_network_is_refused" {
  command = plan

  variables {
    cidr = "10.20.0.0/20"
  }

  expect_failures = [var.cidr]
}
