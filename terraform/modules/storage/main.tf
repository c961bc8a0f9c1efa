# What services keep outside PostgreSQL. Shares and files have no versions: what a tenant had
# shredded must be gone. Archived trails have a lock: what was logged must stay.
module "access_logs" {
  source = "../bucket"

  name        = "${var.name}-access-logs-${var.account_id}"
  key_arn     = var.key_arn
  takes_logs  = true
  expire_days = 365
}

module "this" {
  source = "../bucket"
  for_each = {
    files   = { versioned = false, lock_days = null }
    shares  = { versioned = false, lock_days = null }
    archive = { versioned = true, lock_days = var.audit_lock_days }
  }

  name       = "${var.name}-${each.key}-${var.account_id}"
  key_arn    = var.key_arn
  versioned  = each.value.versioned
  lock_days  = each.value.lock_days
  log_bucket = module.access_logs.name
}
