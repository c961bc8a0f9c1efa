output "cluster" {
  description = "Everything that the workload's state and GitHub's environments need to know."
  value       = module.cluster
}
