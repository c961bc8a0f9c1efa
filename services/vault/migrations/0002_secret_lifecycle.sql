-- What happens to a secret between its making and its end.
ALTER TABLE vault.secrets
  ADD COLUMN updated_at       timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN expires_at       timestamptz,
  -- Seconds.
  ADD COLUMN rotation_period  bigint CHECK (rotation_period >= 3600),
  ADD COLUMN rotation_topic   text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN next_rotation_at timestamptz,
  -- Seconds; of versions that are to be destroyed.
  ADD COLUMN destroy_delay    bigint NOT NULL DEFAULT 86400 CHECK (destroy_delay BETWEEN 0 AND 7776000),
  ADD COLUMN deleted_at       timestamptz,
  ADD COLUMN purge_at         timestamptz,
  -- Whether secret_grants decides who may use it.
  ADD COLUMN is_restricted    boolean NOT NULL DEFAULT false,
  ADD CHECK ((rotation_period IS NULL) = (next_rotation_at IS NULL)),
  ADD CHECK ((deleted_at IS NULL) = (purge_at IS NULL));
GRANT UPDATE (labels, updated_at, expires_at, rotation_period, rotation_topic, next_rotation_at,
              destroy_delay, deleted_at, purge_at, is_restricted), DELETE
  ON vault.secrets TO kasbah_vault;

ALTER TABLE vault.secret_versions
  ADD COLUMN disabled_at timestamptz,
  -- Scheduled, and called off by setting it to null.
  ADD COLUMN destroy_at  timestamptz;
GRANT UPDATE (disabled_at, destroy_at), DELETE ON vault.secret_versions TO kasbah_vault;

-- Who may use a restricted secret, beside the tenant's owners.
CREATE TABLE vault.secret_grants (
  tenant_id uuid NOT NULL,
  secret_id uuid NOT NULL,
  actor     text COLLATE "C" NOT NULL,
  can_write boolean NOT NULL,
  PRIMARY KEY (tenant_id, secret_id, actor),
  FOREIGN KEY (tenant_id, secret_id) REFERENCES vault.secrets (tenant_id, secret_id) ON DELETE CASCADE
);
CREATE INDEX secret_grants_by_actor ON vault.secret_grants (tenant_id, actor);
COMMENT ON COLUMN vault.secret_grants.actor IS 'personal: who may use the secret';
CALL core.protect('vault.secret_grants');
GRANT SELECT, INSERT, DELETE ON vault.secret_grants TO kasbah_vault;

-- What a request_id did, for a day. Holds no payload: a repeated one is compared with what it made.
CREATE TABLE vault.requests (
  tenant_id  uuid NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  secret_id  uuid NOT NULL,
  -- 0: the secret itself was made.
  version    bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, request_id),
  FOREIGN KEY (tenant_id, secret_id) REFERENCES vault.secrets (tenant_id, secret_id) ON DELETE CASCADE
);
CALL core.protect('vault.requests');
GRANT SELECT, INSERT, DELETE ON vault.requests TO kasbah_vault;

-- What is due, for all tenants: the upkeep's door sees when, not what. The work itself is done within
-- each tenant's own scope.
CREATE INDEX secrets_expiring ON vault.secrets (expires_at, tenant_id) WHERE deleted_at IS NULL;
CREATE INDEX secrets_rotating ON vault.secrets (next_rotation_at, tenant_id) WHERE deleted_at IS NULL;
CREATE INDEX secrets_purging ON vault.secrets (purge_at, tenant_id);
CREATE INDEX secret_versions_destroying ON vault.secret_versions (destroy_at, tenant_id);
CREATE INDEX requests_ageing ON vault.requests (created_at, tenant_id);
GRANT USAGE ON SCHEMA vault TO kasbah_vault_upkeep;
CALL core.open_door('vault.secrets', 'kasbah_vault_upkeep',
  'SELECT (tenant_id, secret_id, expires_at, next_rotation_at, deleted_at, purge_at)');
CALL core.open_door('vault.secret_versions', 'kasbah_vault_upkeep',
  'SELECT (tenant_id, secret_id, version, destroy_at)');
CALL core.open_door('vault.requests', 'kasbah_vault_upkeep', 'SELECT (tenant_id, created_at)');
