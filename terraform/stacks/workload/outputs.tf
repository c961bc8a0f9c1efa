# What the chart is told of AWS: `terraform output -json chart_values` is
# deploy/<environment>/aws.json, which tests/deploy holds against the chart's values.
output "chart_values" {
  description = "Values of helm/kasbah that come from here."
  value = {
    image = { registry = var.registry }
    database = {
      host  = var.cluster.database.host
      port  = var.cluster.database.port
      cidrs = var.cluster.cidrs.data
    }
    # KMS, S3 and STS answer at the network's own endpoints, which are in the pods' subnets.
    egress          = { aws = { ports = [443], cidrs = var.cluster.cidrs.private } }
    externalSecrets = { enabled = true, prefix = local.name }
    services = {
      vault = {
        settings = {
          aws_kms = { key_id = var.cluster.keys.seal, region = var.region }
          shares  = { s3 = { bucket = var.cluster.buckets.shares.name, region = var.region } }
        }
        egress                    = ["aws"]
        serviceAccountAnnotations = local.annotations["${local.release}-vault"]
      }
      tenant-data = {
        settings                  = { files = { s3 = { bucket = var.cluster.buckets.files.name, region = var.region } }, base_domain = var.domain }
        egress                    = ["aws"]
        serviceAccountAnnotations = local.annotations["${local.release}-tenant-data"]
      }
      audit = {
        settings                  = { archive = { s3 = { bucket = var.cluster.buckets.archive.name, region = var.region } } }
        egress                    = ["aws"]
        serviceAccountAnnotations = local.annotations["${local.release}-audit"]
      }
    }
    backup = {
      dump = {
        enabled                   = true
        destination               = "s3"
        keepDays                  = var.backup_keep_days
        egress                    = ["aws"]
        s3                        = { bucket = var.cluster.buckets.dumps.name, region = var.region }
        serviceAccountAnnotations = local.annotations["${local.release}-backup"]
      }
    }
    ingress = {
      cidrs = var.cluster.cidrs.public
      annotations = {
        "alb.ingress.kubernetes.io/certificate-arn" = module.certificates.arn
        "alb.ingress.kubernetes.io/wafv2-acl-arn"   = module.waf.arn
        "alb.ingress.kubernetes.io/ssl-policy"      = "ELBSecurityPolicy-TLS13-1-2-2021-06"
        "alb.ingress.kubernetes.io/scheme"          = "internet-facing"
      }
    }
    networkPolicy = { kubeletCidrs = var.cluster.cidrs.private }
  }
}

locals {
  annotations = { for account, identity in module.identity : account => { "eks.amazonaws.com/role-arn" = identity.role_arn } }
}

output "name_servers" {
  description = "What the registrar has to name."
  value       = module.dns.name_servers
}

output "ds_record" {
  description = "What the registrar has to publish for the zone's signatures to count."
  value       = module.dns.ds_record
}
