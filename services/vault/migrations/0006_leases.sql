-- Logins in tenants' own PostgreSQL, made on demand and ended by time.

-- Where, and as whom logins are made there.
CREATE TABLE vault.databases (
  tenant_id    uuid NOT NULL,
  database_id  uuid NOT NULL,
  name         text COLLATE "C" NOT NULL,
  host         text COLLATE "C" NOT NULL,
  port         bigint NOT NULL CHECK (port BETWEEN 1 AND 65535),
  dbname       text COLLATE "C" NOT NULL,
  -- Off is for loopback alone.
  verify_tls   boolean NOT NULL,
  -- PEM; empty: the system's roots.
  ca           text COLLATE "C" NOT NULL,
  admin_user   text COLLATE "C" NOT NULL,
  -- Path of the secret that is the admin user's password.
  admin_secret text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, database_id),
  UNIQUE (tenant_id, name)
);
CALL core.protect('vault.databases');
GRANT SELECT, INSERT, DELETE,
  UPDATE (host, port, dbname, verify_tls, ca, admin_user, admin_secret, updated_at)
  ON vault.databases TO kasbah_vault;

-- What a login that is made there may do: what the groups may that it joins.
CREATE TABLE vault.database_roles (
  tenant_id        uuid NOT NULL,
  path             text COLLATE "C" NOT NULL,
  database_id      uuid NOT NULL,
  groups           text[] COLLATE "C" NOT NULL,
  -- Seconds.
  default_ttl      bigint NOT NULL CHECK (default_ttl > 0),
  max_ttl          bigint NOT NULL CHECK (max_ttl >= default_ttl),
  connection_limit bigint NOT NULL CHECK (connection_limit > 0),
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, path),
  FOREIGN KEY (tenant_id, database_id) REFERENCES vault.databases (tenant_id, database_id)
    ON DELETE CASCADE
);
CREATE INDEX database_roles_by_database ON vault.database_roles (tenant_id, database_id);
CALL core.protect('vault.database_roles');
GRANT SELECT, INSERT, DELETE,
  UPDATE (database_id, groups, default_ttl, max_ttl, connection_limit, updated_at)
  ON vault.database_roles TO kasbah_vault;

-- A login, from before it is made to after it is gone: there is no time at which it can be over there
-- without a row here that says until when. Its password is nowhere.
CREATE TABLE vault.leases (
  tenant_id      uuid NOT NULL,
  lease_id       uuid NOT NULL,
  database_id    uuid NOT NULL,
  -- As it was called then: a role that goes leaves its leases.
  role_path      text COLLATE "C" NOT NULL,
  login          text COLLATE "C" NOT NULL,
  state          text COLLATE "C" NOT NULL DEFAULT 'creating'
                 CHECK (state IN ('creating', 'active', 'revoking', 'ended')),
  -- Why it ends: '', 'expired', 'revoked', 'failed'.
  cause          text COLLATE "C" NOT NULL DEFAULT '',
  actor          text COLLATE "C" NOT NULL,
  -- Seconds, of a renewal that names none.
  ttl            bigint NOT NULL,
  expires_at     timestamptz NOT NULL,
  max_expires_at timestamptz NOT NULL,
  -- When the upkeep looks at it: while creating or revoking, after whoever works on it must be done;
  -- active, when it expires; ended, when its row goes.
  due_at         timestamptz NOT NULL,
  attempts       bigint NOT NULL DEFAULT 0,
  -- Reason of what holds its end up; empty when nothing does.
  waiting_for    text COLLATE "C" NOT NULL DEFAULT '',
  created_at     timestamptz NOT NULL DEFAULT now(),
  ended_at       timestamptz,
  PRIMARY KEY (tenant_id, lease_id),
  FOREIGN KEY (tenant_id, database_id) REFERENCES vault.databases (tenant_id, database_id)
    ON DELETE CASCADE,
  CHECK (expires_at <= max_expires_at),
  CHECK ((ended_at IS NOT NULL) = (state = 'ended'))
);
CREATE INDEX leases_by_database ON vault.leases (tenant_id, database_id);
CREATE INDEX leases_by_role ON vault.leases (tenant_id, role_path) WHERE state <> 'ended';
CREATE INDEX leases_due ON vault.leases (due_at, tenant_id);
COMMENT ON COLUMN vault.leases.actor IS 'personal: who was given the login';
CALL core.protect('vault.leases');
GRANT SELECT, INSERT, DELETE,
  UPDATE (state, cause, actor, expires_at, due_at, attempts, waiting_for, ended_at)
  ON vault.leases TO kasbah_vault;
CALL core.open_door('vault.leases', 'kasbah_vault_upkeep',
  'SELECT (tenant_id, lease_id, database_id, due_at, attempts)',
  'UPDATE (due_at, attempts, waiting_for)');
