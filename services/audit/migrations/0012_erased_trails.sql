-- Once a tenant's erasure has come to its trail, the trail takes no personal value any more: not of an
-- event that was counted somewhere meanwhile, nor of whoever calls in the name of a tenant that is gone.
-- It stands in the row under whose lock the log grows, so that no flush comes between.

ALTER TABLE audit.log_head ADD COLUMN erased_at timestamptz;
GRANT UPDATE (erased_at) ON audit.log_head TO kasbah_audit;
