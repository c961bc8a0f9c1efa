-- Shares: what a tenant's, and each data subject's, keys need and this database does not have. A row
-- names one and says whether it was destroyed; the share itself is outside.
CREATE TABLE vault.shares (
  tenant_id    uuid NOT NULL,
  share_id     uuid NOT NULL,
  -- Empty: the tenant's own, from which its KEK is made. Otherwise a data subject's, by HMAC of their id
  -- under a key that goes with the tenant's share.
  subject_hash bytea NOT NULL DEFAULT '' CHECK (octet_length(subject_hash) IN (0, 32)),
  -- Of the tenant's KEK: raised with each change of what it is made of.
  generation   bigint NOT NULL DEFAULT 1 CHECK (generation > 0),
  -- Keys that sealed something for the subject.
  key_ids      uuid[] NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now(),
  -- Decided, and from then on nobody opens anything; then done outside.
  shredded_at  timestamptz,
  destroyed_at timestamptz,
  PRIMARY KEY (tenant_id, share_id),
  UNIQUE (tenant_id, subject_hash),
  CHECK (destroyed_at IS NULL OR shredded_at IS NOT NULL)
);
CALL core.protect('vault.shares');
GRANT SELECT, INSERT, UPDATE (generation, key_ids, shredded_at, destroyed_at) ON vault.shares
  TO kasbah_vault;

-- A key that the tenant holds, and the half of the KEK that it wrapped.
CREATE TABLE vault.tenant_seals (
  tenant_id  uuid PRIMARY KEY,
  kind       text COLLATE "C" NOT NULL CHECK (kind IN ('aws_kms', 'pkcs11')),
  key        text COLLATE "C" NOT NULL,
  token      text COLLATE "C" NOT NULL DEFAULT '',
  wrapped    bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CALL core.protect('vault.tenant_seals');
GRANT SELECT, INSERT, UPDATE (kind, key, token, wrapped, created_at), DELETE ON vault.tenant_seals
  TO kasbah_vault;

-- Under which generation of the KEK; 0: under the root key alone, as the installation's own keys are,
-- and as tenants' were before.
ALTER TABLE vault.key_versions ADD COLUMN generation bigint NOT NULL DEFAULT 0;
GRANT UPDATE (generation) ON vault.key_versions TO kasbah_vault;

-- What is left to do, for all tenants: shares to destroy, keys to put under a KEK.
CREATE INDEX shares_shredding ON vault.shares (shredded_at, tenant_id) WHERE destroyed_at IS NULL;
CREATE INDEX key_versions_without_kek ON vault.key_versions (tenant_id)
  WHERE generation = 0 AND destroyed_at IS NULL;
CALL core.open_door('vault.shares', 'kasbah_vault_upkeep',
  'SELECT (tenant_id, share_id, shredded_at, destroyed_at)');
GRANT SELECT (generation, destroyed_at) ON vault.key_versions TO kasbah_vault_upkeep;
