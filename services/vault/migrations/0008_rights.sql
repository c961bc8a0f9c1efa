-- A closed tenant's rows can be erased. Its shares stay, as marks that they were destroyed.

GRANT DELETE ON vault.keys, vault.key_versions, vault.rewraps TO kasbah_vault;
GRANT SELECT (tenant_id, id) ON vault.outbox TO kasbah_vault;
