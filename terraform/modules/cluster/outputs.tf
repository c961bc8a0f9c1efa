output "name" {
  description = "The cluster's name."
  value       = aws_eks_cluster.this.name
}

output "endpoint" {
  description = "The API, inside the network."
  value       = aws_eks_cluster.this.endpoint
}

output "security_group_id" {
  description = "Security group of nodes and pods: who may reach the databases."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "arn" {
  description = "For policies."
  value       = aws_eks_cluster.this.arn
}

output "oidc" {
  description = "Who vouches for pods: the provider's ARN, and its host as conditions name it."
  value = {
    arn  = aws_iam_openid_connect_provider.pods.arn
    host = replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", "")
  }
}
