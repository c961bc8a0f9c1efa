-- Records: whose data one is, what a version changed, search of sealed values, restoring and purging,
-- imports that can be begun again, and the key that page tokens are signed with.

-- Whose data a record is: their share of the key sealed its values. Set once.
ALTER TABLE tenant_data.records ADD COLUMN subject text COLLATE "C";
COMMENT ON COLUMN tenant_data.records.subject IS 'personal: whose data a record is';
CREATE INDEX records_of_subject ON tenant_data.records (tenant_id, subject)
  WHERE subject IS NOT NULL;

-- Keys of the fields that a version changed; null where all of its values are new, or nobody noted it.
ALTER TABLE tenant_data.record_history ADD COLUMN changed text[] COLLATE "C";
ALTER TABLE tenant_data.record_history DROP CONSTRAINT record_history_change_check;
ALTER TABLE tenant_data.record_history ADD CONSTRAINT record_history_change_check
  CHECK (change IN ('created', 'updated', 'deleted', 'restored'));

-- Purging takes a record and its past.
GRANT DELETE ON tenant_data.records, tenant_data.record_history TO kasbah_tenant_data;

ALTER TABLE tenant_data.fields
  ADD COLUMN IF NOT EXISTS is_searchable boolean NOT NULL DEFAULT false;

-- A sealed value that can be found: the version of the vault's key, 4 bytes, big endian, and the
-- blind index under it.
ALTER TABLE tenant_data.record_index ADD COLUMN IF NOT EXISTS v_blind bytea;
ALTER TABLE tenant_data.record_index DROP CONSTRAINT IF EXISTS record_index_check;
ALTER TABLE tenant_data.record_index ADD CONSTRAINT record_index_check
  CHECK (num_nonnulls(v_text, v_int, v_ts, v_blind) = 1);

-- Policies ask for the customer: with it in the index, looking for records reads no rows.
DROP INDEX IF EXISTS tenant_data.record_index_blind;
CREATE INDEX record_index_blind ON tenant_data.record_index
  (tenant_id, field_id, v_blind, record_id) INCLUDE (customer_id) WHERE v_blind IS NOT NULL;
DROP INDEX tenant_data.record_index_text;
CREATE INDEX record_index_text ON tenant_data.record_index
  (tenant_id, field_id, v_text, record_id) INCLUDE (customer_id) WHERE v_text IS NOT NULL;
DROP INDEX tenant_data.record_index_int;
CREATE INDEX record_index_int ON tenant_data.record_index
  (tenant_id, field_id, v_int, record_id) INCLUDE (customer_id) WHERE v_int IS NOT NULL;
DROP INDEX tenant_data.record_index_ts;
CREATE INDEX record_index_ts ON tenant_data.record_index
  (tenant_id, field_id, v_ts, record_id) INCLUDE (customer_id) WHERE v_ts IS NOT NULL;
DROP INDEX tenant_data.records_of_collection;
CREATE INDEX records_of_collection ON tenant_data.records
  (tenant_id, collection_id, record_id) INCLUDE (customer_id) WHERE deleted_at IS NULL;

-- How far an import came: `line` lines, which are `bytes` of its file, are done with.
CREATE TABLE tenant_data.imports (
  tenant_id     uuid NOT NULL,
  import_id     uuid NOT NULL,
  customer_id   uuid,
  collection_id uuid NOT NULL,
  format        text COLLATE "C" NOT NULL,
  line          bigint NOT NULL,
  bytes         bigint NOT NULL,
  created       bigint NOT NULL,
  refused       bigint NOT NULL,
  is_done       boolean NOT NULL,
  started_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, import_id)
);
CREATE INDEX imports_by_age ON tenant_data.imports (tenant_id, started_at);
CALL core.protect('tenant_data.imports');
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_data.imports TO kasbah_tenant_data;

-- Lines that an import refused, so that one that is begun again can say it again.
CREATE TABLE tenant_data.import_refusals (
  tenant_id   uuid NOT NULL,
  import_id   uuid NOT NULL,
  line        bigint NOT NULL,
  customer_id uuid,
  -- A serialized ImportRecordsResponse.RefusedLine: fields and rules, no values.
  refusal     bytea NOT NULL,
  PRIMARY KEY (tenant_id, import_id, line),
  FOREIGN KEY (tenant_id, import_id) REFERENCES tenant_data.imports (tenant_id, import_id)
    ON DELETE CASCADE
);
CALL core.protect('tenant_data.import_refusals');
GRANT SELECT, INSERT ON tenant_data.import_refusals TO kasbah_tenant_data;

-- What signs a tenant's page tokens, the same in every replica. It keeps a caller from making up a
-- cursor; which rows it sees is row-level security's business.
CREATE TABLE tenant_data.cursor_keys (
  tenant_id uuid PRIMARY KEY,
  key       bytea NOT NULL CHECK (length(key) = 32)
);
CALL core.protect('tenant_data.cursor_keys');
GRANT SELECT, INSERT ON tenant_data.cursor_keys TO kasbah_tenant_data;
