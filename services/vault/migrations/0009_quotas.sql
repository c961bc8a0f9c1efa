-- How many secrets a tenant may have.

CALL core.create_quotas('vault', 'kasbah_vault');
CALL core.create_quota_slots('vault', 'kasbah_vault');
