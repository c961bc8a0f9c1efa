-- Custom domains: each tenant's own list, and one table of all tenants that says whose a host is.

GRANT USAGE ON SCHEMA tenant_data TO kasbah_tenant_data_resolver, kasbah_tenant_data_upkeep;
CALL core.admit('kasbah_tenant_data_resolver');

CREATE TABLE tenant_data.domains (
  tenant_id     uuid NOT NULL,
  domain_id     uuid NOT NULL,
  -- Lower case, A-labels, no dot at the end.
  host          text COLLATE "C" NOT NULL,
  state         text COLLATE "C" NOT NULL DEFAULT 'pending'
                CHECK (state IN ('pending', 'verified', 'lapsed')),
  -- What the proof is derived from, together with tenant and host.
  nonce         bytea NOT NULL CHECK (length(nonce) = 32),
  version       bigint NOT NULL DEFAULT 1,
  created_at    timestamptz NOT NULL,
  verified_at   timestamptz,
  -- The last look at DNS that had an answer, and how many in a row found no proof.
  checked_at    timestamptz,
  failed_checks bigint NOT NULL DEFAULT 0,
  -- When a verified domain is looked at again.
  next_check_at timestamptz CHECK ((next_check_at IS NOT NULL) = (state = 'verified')),
  PRIMARY KEY (tenant_id, domain_id),
  UNIQUE (tenant_id, host)
);
CREATE INDEX domains_due ON tenant_data.domains (next_check_at) WHERE next_check_at IS NOT NULL;
CALL core.protect('tenant_data.domains');
GRANT SELECT, INSERT ON tenant_data.domains TO kasbah_tenant_data;
-- Sees when domains are due and whose they are, puts them off, and nothing more.
CALL core.open_door('tenant_data.domains', 'kasbah_tenant_data_upkeep',
                    'SELECT (tenant_id, domain_id, next_check_at)', 'UPDATE (next_check_at)');

-- Whose a host is, once proved; one tenant's at the most. Holds nothing else.
CREATE TABLE tenant_data.hosts (
  host      text COLLATE "C" PRIMARY KEY,
  tenant_id uuid NOT NULL,
  domain_id uuid NOT NULL
);
CREATE INDEX hosts_of_tenant ON tenant_data.hosts (tenant_id);
CALL core.open_door('tenant_data.hosts', 'kasbah_tenant_data_resolver',
                    'SELECT', 'INSERT', 'DELETE');
CALL core.open_door('core.tenants', 'kasbah_tenant_data_resolver',
                    'SELECT (tenant_id, slug, state)');
-- Within a tenant that it entered, a host and its domain change together, with their events.
GRANT SELECT, UPDATE, DELETE ON tenant_data.domains TO kasbah_tenant_data_resolver;
GRANT INSERT ON tenant_data.outbox TO kasbah_tenant_data_resolver;
-- The hosts of a tenant that is closed are free in the same moment.
CALL core.open_door('tenant_data.hosts', 'kasbah_tenant_data_registry',
                    'SELECT (tenant_id)', 'DELETE');

-- Each change makes another, which is the etag.
ALTER TABLE tenant_data.customers ADD COLUMN version bigint NOT NULL DEFAULT 1;
