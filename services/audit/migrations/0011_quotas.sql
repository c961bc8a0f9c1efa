-- How many events a month a tenant's own applications may append.

CALL core.create_quotas('audit', 'kasbah_audit');
-- Who counts events by day counts these as well.
CALL core.open_door('audit.quotas', 'kasbah_audit_ingest', 'SELECT', 'UPDATE');
