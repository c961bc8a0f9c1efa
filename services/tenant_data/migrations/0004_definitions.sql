-- Definitions that evolve: groups of fields, more about each field, indexes that are built from the
-- records there are.

-- `revision` is the etag: it counts every change, `schema_version` those of fields and groups.
ALTER TABLE tenant_data.collections
  ADD COLUMN revision   bigint NOT NULL DEFAULT 1,
  -- Null: not since it was made.
  ADD COLUMN updated_at timestamptz,
  ADD COLUMN deleted_at timestamptz;
GRANT UPDATE (display_name, schema_version, revision, updated_at, deleted_at)
  ON tenant_data.collections TO kasbah_tenant_data;

-- As fields: every schema version keeps all of its groups.
CREATE TABLE tenant_data.field_groups (
  tenant_id      uuid NOT NULL,
  collection_id  uuid NOT NULL,
  schema_version bigint NOT NULL,
  group_id       uuid NOT NULL,
  position       bigint NOT NULL,
  key            text COLLATE "C" NOT NULL,
  display_name   text COLLATE "C" NOT NULL,
  -- Counts the group's own changes.
  revision       bigint NOT NULL,
  PRIMARY KEY (tenant_id, collection_id, schema_version, group_id),
  UNIQUE (tenant_id, collection_id, schema_version, key),
  FOREIGN KEY (tenant_id, collection_id)
    REFERENCES tenant_data.collections (tenant_id, collection_id)
);
CALL core.protect('tenant_data.field_groups');
GRANT SELECT, INSERT ON tenant_data.field_groups TO kasbah_tenant_data;

-- A retired field stays among the rows of later versions: nothing else may take its key, and it can
-- come back.
ALTER TABLE tenant_data.fields
  ADD COLUMN default_value        text COLLATE "C",
  ADD COLUMN is_searchable        boolean NOT NULL DEFAULT false,
  ADD COLUMN is_sensitive         boolean NOT NULL DEFAULT false,
  ADD COLUMN reference_collection uuid,
  ADD COLUMN group_key            text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN is_retired           boolean NOT NULL DEFAULT false,
  ADD COLUMN revision             bigint NOT NULL DEFAULT 1,
  ADD CHECK (is_sealed OR NOT is_searchable),
  ADD CHECK (NOT (is_sealed AND default_value IS NOT NULL));

-- Blind indexes of sealed values. Equality of bytea is leakproof.
ALTER TABLE tenant_data.record_index
  ADD COLUMN v_blind bytea,
  DROP CONSTRAINT record_index_check,
  ADD CHECK (num_nonnulls(v_text, v_int, v_ts, v_blind) = 1);
CREATE INDEX record_index_blind
  ON tenant_data.record_index (tenant_id, field_id, v_blind, record_id)
  WHERE v_blind IS NOT NULL;

-- Indexes and unique values of fields that were not made with them; no row: there was nothing to
-- build. `last_record` is the last one that is done.
CREATE TABLE tenant_data.field_indexes (
  tenant_id     uuid NOT NULL,
  field_id      uuid NOT NULL,
  collection_id uuid NOT NULL,
  state         text COLLATE "C" NOT NULL CHECK (state IN ('building', 'ready', 'conflicts')),
  last_record   uuid NOT NULL,
  conflicts     uuid[] NOT NULL DEFAULT '{}',
  started_at    timestamptz NOT NULL,
  finished_at   timestamptz,
  PRIMARY KEY (tenant_id, field_id)
);
CREATE INDEX field_indexes_of_collection ON tenant_data.field_indexes (tenant_id, collection_id);
CALL core.protect('tenant_data.field_indexes');
GRANT SELECT, INSERT, UPDATE ON tenant_data.field_indexes TO kasbah_tenant_data;
-- The upkeep's role sees which fields of which tenants have something to build, and nothing else.
CREATE INDEX field_indexes_building ON tenant_data.field_indexes (tenant_id, field_id)
  WHERE state = 'building';
CALL core.open_door('tenant_data.field_indexes', 'kasbah_tenant_data_upkeep',
                    'SELECT (tenant_id, field_id, collection_id, state)');
