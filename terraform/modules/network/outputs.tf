output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Where nodes and pods are."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "data_subnet_ids" {
  description = "Where the databases are."
  value       = [for subnet in aws_subnet.data : subnet.id]
}

output "public_cidrs" {
  description = "Where load balancers call from."
  value       = [for subnet in aws_subnet.public : subnet.cidr_block]
}

output "private_cidrs" {
  description = "Where nodes and pods call from."
  value       = [for subnet in aws_subnet.private : subnet.cidr_block]
}

output "data_cidrs" {
  description = "Where the databases answer."
  value       = [for subnet in aws_subnet.data : subnet.cidr_block]
}

output "egress_addresses" {
  description = "The public addresses from which webhooks come."
  value       = [for address in aws_eip.nat : address.public_ip]
}
