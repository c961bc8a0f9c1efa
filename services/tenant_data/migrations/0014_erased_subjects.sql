-- Who was erased, so that nothing new of theirs is taken, whether or not any of it would be sealed. The
-- digest is SHA-256 over the tenant's id and theirs: whoever has the database and guesses an id learns
-- that it was erased, and nothing else; no two tenants' rows can be compared.
CREATE TABLE tenant_data.erased_subjects (
  tenant_id uuid NOT NULL,
  digest    bytea NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (tenant_id, digest)
);
CALL core.protect('tenant_data.erased_subjects');
GRANT SELECT, INSERT, DELETE ON tenant_data.erased_subjects TO kasbah_tenant_data;
CALL tenant_data.make_movable('tenant_data.erased_subjects');
