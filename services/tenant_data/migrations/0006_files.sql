-- Files: what is known of them, and the keys that their objects are sealed with. The objects are
-- outside the database (libs/objects), named by tenant and file id alone.

GRANT USAGE ON SCHEMA tenant_data TO kasbah_tenant_data_upkeep;

-- A row is there before its object and goes after it, so there is no object that no row knows of:
-- pending (being uploaded), stored, deleted (its key is gone, its object is to be removed).
CREATE TABLE tenant_data.files (
  tenant_id     uuid NOT NULL,
  file_id       uuid NOT NULL,
  customer_id   uuid,
  collection_id uuid,
  record_id     uuid,
  name          text COLLATE "C" NOT NULL,
  content_type  text COLLATE "C" NOT NULL,
  size          bigint NOT NULL CHECK (size >= 0),
  sha256        bytea,
  subject       text COLLATE "C" NOT NULL DEFAULT '',
  state         text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'stored', 'deleted')),
  -- Sealed by the vault's key "files".
  data_key      bytea,
  creator_kind  text COLLATE "C" NOT NULL,
  creator_id    text COLLATE "C" NOT NULL,
  created_at    timestamptz NOT NULL,
  -- When the upkeep takes the file away.
  due_at        timestamptz,
  data_key_version bigint GENERATED ALWAYS AS (
    CASE
      WHEN data_key IS NULL THEN NULL
      WHEN length(data_key) < 23 OR get_byte(data_key, 0) <> 1 THEN 0
      ELSE get_byte(data_key, 19)::bigint * 16777216 + get_byte(data_key, 20) * 65536
         + get_byte(data_key, 21) * 256 + get_byte(data_key, 22)
    END) STORED,
  PRIMARY KEY (tenant_id, file_id),
  CHECK ((state = 'stored') = (due_at IS NULL)),
  CHECK (state <> 'stored' OR (sha256 IS NOT NULL AND data_key IS NOT NULL)),
  -- What is deleted opens no more, whatever becomes of its object.
  CHECK (state <> 'deleted' OR (data_key IS NULL AND name = '' AND subject = ''))
);
COMMENT ON COLUMN tenant_data.files.name IS 'personal: what a person called a file';
COMMENT ON COLUMN tenant_data.files.subject IS 'personal: whose data a file is';
CREATE INDEX files_of_record ON tenant_data.files (tenant_id, record_id, file_id)
  WHERE record_id IS NOT NULL;
CREATE INDEX files_of_subject ON tenant_data.files (tenant_id, subject) WHERE subject <> '';
CREATE INDEX files_by_key_version ON tenant_data.files (tenant_id, data_key_version, file_id)
  WHERE data_key IS NOT NULL;
CREATE INDEX files_due ON tenant_data.files (due_at) WHERE due_at IS NOT NULL;
CALL core.protect('tenant_data.files');
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_data.files TO kasbah_tenant_data;
-- Sees when files are due and whose they are, puts them off, and nothing more.
CALL core.open_door('tenant_data.files', 'kasbah_tenant_data_upkeep',
                    'SELECT (tenant_id, file_id, due_at)', 'UPDATE (due_at)');

-- What a tenant's files take together, those being uploaded included: the row is the lock under
-- which its quota holds.
CREATE TABLE tenant_data.file_usage (
  tenant_id uuid PRIMARY KEY,
  bytes     bigint NOT NULL CHECK (bytes >= 0)
);
CALL core.protect('tenant_data.file_usage');
GRANT SELECT, INSERT, UPDATE ON tenant_data.file_usage TO kasbah_tenant_data;
