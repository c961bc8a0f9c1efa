-- How many events a month a tenant's own applications may append.

CALL core.create_quotas('audit', 'kasbah_audit');
