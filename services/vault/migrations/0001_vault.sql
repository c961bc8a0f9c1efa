-- Schema vault: root keys behind a door of their own; tenants' keys, secrets and their versions.
CREATE SCHEMA vault;
GRANT USAGE ON SCHEMA vault TO kasbah_vault, kasbah_vault_relay, kasbah_vault_root;
CALL core.admit('kasbah_vault');
CALL core.create_outbox('vault', 'kasbah_vault', 'kasbah_vault_relay');

-- Wrap every tenant key; themselves wrapped by the seal, which is outside this database. They belong
-- to the installation, so only the root door's role sees them.
CREATE TABLE vault.root_keys (
  version    bigint PRIMARY KEY CHECK (version > 0),
  key_id     uuid NOT NULL,
  seal       text COLLATE "C" NOT NULL,
  wrapped    bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CALL core.open_door('vault.root_keys', 'kasbah_vault_root', 'SELECT', 'INSERT');

-- A named key of one workload for one tenant. Its purpose never changes.
CREATE TABLE vault.keys (
  tenant_id       uuid NOT NULL,
  key_id          uuid NOT NULL,
  owner           text COLLATE "C" NOT NULL,
  name            text COLLATE "C" NOT NULL,
  purpose         text COLLATE "C" NOT NULL CHECK (purpose IN ('encrypt', 'mac', 'sign')),
  primary_version bigint NOT NULL CHECK (primary_version > 0),
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key_id),
  UNIQUE (tenant_id, owner, name)
);
CALL core.protect('vault.keys');
GRANT SELECT, INSERT, UPDATE (primary_version) ON vault.keys TO kasbah_vault;

-- One row a version: rotation adds, nothing overwrites.
CREATE TABLE vault.key_versions (
  tenant_id  uuid NOT NULL,
  key_id     uuid NOT NULL,
  version    bigint NOT NULL CHECK (version > 0),
  wrapped    bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key_id, version),
  FOREIGN KEY (tenant_id, key_id) REFERENCES vault.keys (tenant_id, key_id)
);
CALL core.protect('vault.key_versions');
GRANT SELECT, INSERT ON vault.key_versions TO kasbah_vault;

CREATE TABLE vault.secrets (
  tenant_id      uuid NOT NULL,
  secret_id      uuid NOT NULL,
  path           text COLLATE "C" NOT NULL,
  labels         jsonb NOT NULL,
  latest_version bigint NOT NULL DEFAULT 0,
  -- Counts changes; shown as the etag.
  revision       bigint NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, secret_id),
  UNIQUE (tenant_id, path)
);
CALL core.protect('vault.secrets');
GRANT SELECT, INSERT, UPDATE (latest_version, revision) ON vault.secrets TO kasbah_vault;

-- The payload is sealed, bound to tenant, secret and version; null once destroyed.
CREATE TABLE vault.secret_versions (
  tenant_id    uuid NOT NULL,
  secret_id    uuid NOT NULL,
  version      bigint NOT NULL CHECK (version > 0),
  payload      bytea,
  key_version  bigint NOT NULL,
  created_by   text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  PRIMARY KEY (tenant_id, secret_id, version),
  FOREIGN KEY (tenant_id, secret_id) REFERENCES vault.secrets (tenant_id, secret_id),
  CHECK ((payload IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE INDEX secret_versions_by_creator ON vault.secret_versions (tenant_id, created_by);
COMMENT ON COLUMN vault.secret_versions.created_by IS 'personal: who added the version';
CALL core.protect('vault.secret_versions');
GRANT SELECT, INSERT, UPDATE (payload, destroyed_at, created_by) ON vault.secret_versions TO kasbah_vault;
