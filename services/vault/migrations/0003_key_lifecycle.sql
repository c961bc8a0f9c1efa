-- What a key is set to do by itself, and what becomes of its versions.
ALTER TABLE vault.keys
  DROP CONSTRAINT keys_purpose_check,
  ADD CHECK (purpose IN ('encrypt', 'mac', 'sign', 'sign_p256', 'blind_index')),
  -- Seconds.
  ADD COLUMN rotation_period  bigint CHECK (rotation_period >= 86400),
  -- Set without a period too: a version that nears its limit of operations is replaced once.
  ADD COLUMN next_rotation_at timestamptz,
  ADD COLUMN min_open_version bigint NOT NULL DEFAULT 1
    CHECK (min_open_version BETWEEN 1 AND primary_version),
  -- Seconds; of versions that are to be destroyed.
  ADD COLUMN destroy_delay    bigint NOT NULL DEFAULT 86400 CHECK (destroy_delay BETWEEN 0 AND 7776000);
GRANT UPDATE (rotation_period, next_rotation_at, min_open_version, destroy_delay) ON vault.keys
  TO kasbah_vault;

ALTER TABLE vault.key_versions
  ALTER COLUMN wrapped DROP NOT NULL,
  -- Scheduled, and called off by setting it to null.
  ADD COLUMN destroy_at   timestamptz,
  -- Whatever is still sealed with it.
  ADD COLUMN is_forced    boolean NOT NULL DEFAULT false,
  ADD COLUMN destroyed_at timestamptz,
  -- Counted ahead in blocks.
  ADD COLUMN operations   bigint NOT NULL DEFAULT 0,
  ADD CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
  ADD CHECK (destroy_at IS NULL OR destroyed_at IS NULL);
GRANT UPDATE (wrapped, destroy_at, is_forced, destroyed_at, operations) ON vault.key_versions
  TO kasbah_vault;

CREATE INDEX keys_rotating ON vault.keys (next_rotation_at, tenant_id);
CREATE INDEX key_versions_destroying ON vault.key_versions (destroy_at, tenant_id);
CALL core.open_door('vault.keys', 'kasbah_vault_upkeep', 'SELECT (tenant_id, key_id, next_rotation_at)');
CALL core.open_door('vault.key_versions', 'kasbah_vault_upkeep',
  'SELECT (tenant_id, key_id, version, destroy_at)');

-- Which version sealed a secret's payload: to count what a version still has to open, and to find
-- what is to be sealed again.
CREATE INDEX secret_versions_by_key_version ON vault.secret_versions (tenant_id, key_version)
  WHERE payload IS NOT NULL;
GRANT UPDATE (key_version) ON vault.secret_versions TO kasbah_vault;
