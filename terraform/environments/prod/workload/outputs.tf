output "chart_values" {
  description = "For the chart: deploy/<environment>/aws.json."
  value       = module.workload.chart_values
}

output "name_servers" {
  description = "What the registrar has to name."
  value       = module.workload.name_servers
}

output "ds_record" {
  description = "What the registrar has to publish for the zone's signatures to count."
  value       = module.workload.ds_record
}
