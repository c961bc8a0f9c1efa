-- Schema auth: who may come in, with which rights, and what no longer holds.
-- Runs as kasbah_migrator after SET ROLE kasbah_owner.

CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO kasbah_auth, kasbah_auth_relay, kasbah_auth_resolver;
CALL core.admit('kasbah_auth');
CALL core.create_outbox('auth', 'kasbah_auth', 'kasbah_auth_relay');

-- A tenant's API keys. Of the key itself only SHA-256 is kept: 256 random bits cannot be searched,
-- so a slow hash would cost every call and protect nothing.
CREATE TABLE auth.api_keys (
  tenant_id    uuid NOT NULL,
  api_key_id   uuid NOT NULL,
  display_name text NOT NULL CHECK (octet_length(display_name) <= 100),
  role         text COLLATE "C" NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  -- Set: the key sees this customer's rows and no others.
  customer_id  uuid,
  prefix       text COLLATE "C" NOT NULL,
  secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  created_by   text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL,
  expire_at    timestamptz,
  revoked_at   timestamptz,
  -- The key that took over; a key is rotated once.
  successor_id uuid,
  PRIMARY KEY (tenant_id, api_key_id)
);
CALL core.protect('auth.api_keys');
GRANT SELECT, INSERT, UPDATE ON auth.api_keys TO kasbah_auth;
COMMENT ON COLUMN auth.api_keys.display_name IS 'personal: what its creator called the key';

-- People, by e-mail address: one row for all tenants, hence behind a door, hence nothing else in it.
-- The id is random, not a UUIDv7: its time would tell a tenant that a person it adds was known here
-- before.
CREATE TABLE auth.users (
  user_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email   text COLLATE "C" NOT NULL UNIQUE
);
CALL core.open_door('auth.users', 'kasbah_auth_resolver', 'SELECT', 'INSERT', 'DELETE');
COMMENT ON COLUMN auth.users.email IS 'personal: normalised e-mail address';

-- Who belongs to which tenant. The reference keeps a user's row while any tenant has them, without
-- anybody having to look across tenants.
CREATE TABLE auth.memberships (
  tenant_id    uuid NOT NULL,
  user_id      uuid NOT NULL REFERENCES auth.users (user_id),
  role         text COLLATE "C" NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  display_name text NOT NULL DEFAULT '',
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_of_user ON auth.memberships (user_id);
CALL core.protect('auth.memberships');
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.memberships TO kasbah_auth;
COMMENT ON COLUMN auth.memberships.display_name IS 'personal: name of the member';

-- What ends before its assertions do. Written with the change that ends it, read through the door by
-- every replica each second, and forgotten when no assertion can be that old.
CREATE TABLE auth.revocations (
  tenant_id     uuid NOT NULL,
  revocation_id uuid NOT NULL DEFAULT gen_random_uuid(),
  kind          text COLLATE "C" NOT NULL CHECK (kind IN ('session', 'credential', 'actor')),
  subject       text COLLATE "C" NOT NULL,
  not_before    timestamptz NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, revocation_id)
);
CREATE INDEX revocations_recent ON auth.revocations (created_at);
CALL core.protect('auth.revocations');
GRANT INSERT ON auth.revocations TO kasbah_auth;
CALL core.open_door('auth.revocations', 'kasbah_auth_resolver', 'SELECT', 'DELETE');

-- Public keys of the processes that sign assertions; the installation's. A row counts only with the
-- vault's signature, so writing here is not enough to be believed.
CREATE TABLE auth.signing_keys (
  key_id      text COLLATE "C" PRIMARY KEY,
  public_key  bytea NOT NULL CHECK (octet_length(public_key) = 32),
  not_after   timestamptz NOT NULL,
  certificate bytea NOT NULL CHECK (octet_length(certificate) = 64)
);
CALL core.open_door('auth.signing_keys', 'kasbah_auth_resolver', 'SELECT', 'INSERT', 'DELETE');

-- Suspended tenants are revocations too.
CALL core.open_door('core.tenants', 'kasbah_auth_resolver', 'SELECT');
CREATE INDEX tenants_suspended ON core.tenants (tenant_id) WHERE state = 'suspended';
