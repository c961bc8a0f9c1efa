-- Schema tenant_data: customers, definitions of records, records with their history and the typed
-- side tables that filters and unique fields use. The tenants themselves are in core.tenants.

CREATE SCHEMA tenant_data;
GRANT USAGE ON SCHEMA tenant_data
  TO kasbah_tenant_data, kasbah_tenant_data_relay, kasbah_tenant_data_registry;
CALL core.admit('kasbah_tenant_data');
CALL core.admit('kasbah_tenant_data_registry');
CALL core.create_outbox('tenant_data', 'kasbah_tenant_data', 'kasbah_tenant_data_relay');

-- The registry keeps the list of tenants. It writes events of the tenant that it entered, and no
-- other row of any tenant.
CALL core.open_door('core.tenants', 'kasbah_tenant_data_registry', 'SELECT', 'INSERT', 'UPDATE');
GRANT INSERT ON tenant_data.outbox TO kasbah_tenant_data_registry;

CREATE TABLE tenant_data.customers (
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  external_id  text COLLATE "C" NOT NULL,
  display_name text COLLATE "C" NOT NULL DEFAULT '',
  state        text COLLATE "C" NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, customer_id),
  UNIQUE (tenant_id, external_id)
);
COMMENT ON COLUMN tenant_data.customers.external_id
  IS 'personal: the tenant''s own name for a customer';
COMMENT ON COLUMN tenant_data.customers.display_name IS 'personal: name of a customer';
CALL core.protect('tenant_data.customers');
GRANT SELECT, INSERT, UPDATE ON tenant_data.customers TO kasbah_tenant_data;

CREATE TABLE tenant_data.collections (
  tenant_id      uuid NOT NULL,
  collection_id  uuid NOT NULL,
  key            text COLLATE "C" NOT NULL,
  display_name   text COLLATE "C" NOT NULL,
  schema_version bigint NOT NULL,
  created_at     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, collection_id),
  UNIQUE (tenant_id, key)
);
CALL core.protect('tenant_data.collections');
GRANT SELECT, INSERT ON tenant_data.collections TO kasbah_tenant_data;

-- Every schema version keeps all of its fields, so that a record is always read by the definition
-- it was written under. Never updated.
CREATE TABLE tenant_data.fields (
  tenant_id      uuid NOT NULL,
  collection_id  uuid NOT NULL,
  schema_version bigint NOT NULL,
  field_id       uuid NOT NULL,
  position       bigint NOT NULL,
  key            text COLLATE "C" NOT NULL,
  display_name   text COLLATE "C" NOT NULL,
  type           text COLLATE "C" NOT NULL,
  is_required    boolean NOT NULL,
  is_unique      boolean NOT NULL,
  is_indexed     boolean NOT NULL,
  is_sealed      boolean NOT NULL,
  min_value      bigint,
  max_value      bigint,
  pattern        text COLLATE "C" NOT NULL,
  choices        text[] COLLATE "C" NOT NULL,
  scale          bigint NOT NULL,
  PRIMARY KEY (tenant_id, collection_id, schema_version, field_id),
  UNIQUE (tenant_id, collection_id, schema_version, key),
  FOREIGN KEY (tenant_id, collection_id)
    REFERENCES tenant_data.collections (tenant_id, collection_id),
  -- What is sealed must not stand in the clear in an index.
  CHECK (NOT (is_sealed AND (is_unique OR is_indexed)))
);
CALL core.protect('tenant_data.fields');
GRANT SELECT, INSERT ON tenant_data.fields TO kasbah_tenant_data;

-- No foreign keys from here on: each insert would lock the one row of its collection, and neither
-- collections nor customers are ever deleted.
CREATE TABLE tenant_data.records (
  tenant_id      uuid NOT NULL,
  record_id      uuid NOT NULL,
  collection_id  uuid NOT NULL,
  customer_id    uuid,
  schema_version bigint NOT NULL,
  version        bigint NOT NULL,
  -- Field key to value; sealed fields are not in it.
  data           jsonb NOT NULL,
  -- Ciphertexts by field id (domain/sealed_values.h); null when there are none.
  sealed         bytea,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  deleted_at     timestamptz,
  PRIMARY KEY (tenant_id, record_id)
);
CREATE INDEX records_of_collection ON tenant_data.records (tenant_id, collection_id, record_id)
  WHERE deleted_at IS NULL;
CALL core.protect('tenant_data.records');
GRANT SELECT, INSERT, UPDATE ON tenant_data.records TO kasbah_tenant_data;

-- Every version of every record, written in the statement that makes it.
CREATE TABLE tenant_data.record_history (
  tenant_id      uuid NOT NULL,
  record_id      uuid NOT NULL,
  version        bigint NOT NULL,
  customer_id    uuid,
  change         text COLLATE "C" NOT NULL CHECK (change IN ('created', 'updated', 'deleted')),
  collection_id  uuid NOT NULL,
  schema_version bigint NOT NULL,
  data           jsonb NOT NULL,
  sealed         bytea,
  actor_kind     text COLLATE "C" NOT NULL,
  actor_id       text COLLATE "C" NOT NULL,
  request_id     text COLLATE "C" NOT NULL,
  changed_at     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, record_id, version)
);
CALL core.protect('tenant_data.record_history');
GRANT SELECT, INSERT ON tenant_data.record_history TO kasbah_tenant_data;

-- Values of indexed fields of live records. One of the typed columns is set: only leakproof
-- comparisons can use an index under row-level security, and those of jsonb and numeric are not.
CREATE TABLE tenant_data.record_index (
  tenant_id   uuid NOT NULL,
  record_id   uuid NOT NULL,
  field_id    uuid NOT NULL,
  customer_id uuid,
  v_text      text COLLATE "C",
  v_int       bigint,
  v_ts        timestamptz,
  PRIMARY KEY (tenant_id, record_id, field_id),
  CHECK (num_nonnulls(v_text, v_int, v_ts) = 1)
);
CREATE INDEX record_index_text ON tenant_data.record_index (tenant_id, field_id, v_text, record_id)
  WHERE v_text IS NOT NULL;
CREATE INDEX record_index_int ON tenant_data.record_index (tenant_id, field_id, v_int, record_id)
  WHERE v_int IS NOT NULL;
CREATE INDEX record_index_ts ON tenant_data.record_index (tenant_id, field_id, v_ts, record_id)
  WHERE v_ts IS NOT NULL;
CALL core.protect('tenant_data.record_index');
GRANT SELECT, INSERT, DELETE ON tenant_data.record_index TO kasbah_tenant_data;

-- Who holds a value of a unique field; unique over all customers of the tenant.
CREATE TABLE tenant_data.record_unique (
  tenant_id   uuid NOT NULL,
  field_id    uuid NOT NULL,
  value       bytea NOT NULL,
  record_id   uuid NOT NULL,
  customer_id uuid,
  PRIMARY KEY (tenant_id, field_id, value)
);
CREATE INDEX record_unique_record ON tenant_data.record_unique (tenant_id, record_id, field_id);
CALL core.protect('tenant_data.record_unique');
GRANT SELECT, INSERT, DELETE ON tenant_data.record_unique TO kasbah_tenant_data;

-- Answers to calls with a request_id, kept for a day.
CREATE TABLE tenant_data.requests (
  tenant_id   uuid NOT NULL,
  request_id  uuid NOT NULL,
  customer_id uuid,
  -- SHA-256 of method and payload without sealed values.
  digest      bytea NOT NULL,
  outcome     bytea NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, request_id)
);
CREATE INDEX requests_by_age ON tenant_data.requests (tenant_id, created_at);
CALL core.protect('tenant_data.requests');
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_data.requests TO kasbah_tenant_data;
