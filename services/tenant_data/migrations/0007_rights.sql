-- Exports and erasures of people and of tenants: operations that ask every service, how far they are,
-- and the pieces that an export's archive is made of.

-- One a request. Worked off by whichever replica holds the lease; each step's note names the place that
-- it began at, so that who was cancelled or overtaken notes nothing more.
CREATE TABLE tenant_data.rights_operations (
  tenant_id    uuid NOT NULL,
  operation_id uuid NOT NULL,
  kind         text COLLATE "C" NOT NULL CHECK (kind IN
                 ('subject_export', 'tenant_export', 'subject_erasure', 'tenant_erasure')),
  -- Whom it is about, as long as it runs.
  subject      text COLLATE "C" NOT NULL DEFAULT '',
  state        text COLLATE "C" NOT NULL DEFAULT 'running'
               CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  step         bigint NOT NULL DEFAULT 0,
  -- Where the step goes on.
  cursor       text COLLATE "C" NOT NULL DEFAULT '',
  -- Reason of what holds it up; empty when nothing does.
  waiting_for  text COLLATE "C" NOT NULL DEFAULT '',
  -- Reason of its failure or its end.
  error        text COLLATE "C" NOT NULL DEFAULT '',
  actor_kind   text COLLATE "C" NOT NULL,
  actor_id     text COLLATE "C" NOT NULL,
  -- Until then one replica works on it; who dies leaves it to others.
  lease_until  timestamptz NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  finished_at  timestamptz,
  -- Of an export that is done: when its archive goes.
  expires_at   timestamptz,
  PRIMARY KEY (tenant_id, operation_id),
  CHECK ((finished_at IS NOT NULL) = (state <> 'running')),
  CHECK (state = 'running' OR subject = '')
);
COMMENT ON COLUMN tenant_data.rights_operations.subject IS 'personal: whom an operation is about';
CALL core.protect('tenant_data.rights_operations');
GRANT SELECT, INSERT,
  UPDATE (subject, state, step, cursor, waiting_for, error, lease_until, updated_at, finished_at,
          expires_at)
  ON tenant_data.rights_operations TO kasbah_tenant_data;
-- A tenant is erased once.
CREATE UNIQUE INDEX rights_erasures ON tenant_data.rights_operations (tenant_id)
  WHERE kind = 'tenant_erasure' AND state IN ('running', 'done');
CREATE INDEX rights_due ON tenant_data.rights_operations (lease_until) WHERE state = 'running';
-- Sees which operations of which tenants wait for somebody, takes them and lets go, and nothing more.
CALL core.open_door('tenant_data.rights_operations', 'kasbah_tenant_data_upkeep',
                    'SELECT (tenant_id, operation_id, state, lease_until)',
                    'UPDATE (lease_until, waiting_for)');

-- Members of an archive, each in a piece of its own: ids, counts and digests.
CREATE TABLE tenant_data.rights_members (
  tenant_id    uuid NOT NULL,
  operation_id uuid NOT NULL,
  number       bigint NOT NULL,
  service      text COLLATE "C" NOT NULL,
  name         text COLLATE "C" NOT NULL,
  rows         bigint NOT NULL,
  size         bigint NOT NULL,
  sha256       bytea NOT NULL CHECK (length(sha256) = 32),
  -- The piece: a file in state 'export'.
  file_id      uuid NOT NULL,
  PRIMARY KEY (tenant_id, operation_id, number)
);
CALL core.protect('tenant_data.rights_members');
GRANT SELECT, INSERT, DELETE ON tenant_data.rights_members TO kasbah_tenant_data;

-- What was exported or erased, by service and table.
CREATE TABLE tenant_data.rights_counts (
  tenant_id    uuid NOT NULL,
  operation_id uuid NOT NULL,
  service      text COLLATE "C" NOT NULL,
  name         text COLLATE "C" NOT NULL,
  rows         bigint NOT NULL,
  PRIMARY KEY (tenant_id, operation_id, service, name)
);
CALL core.protect('tenant_data.rights_counts');
GRANT SELECT, INSERT, UPDATE ON tenant_data.rights_counts TO kasbah_tenant_data;

-- Pieces of archives are sealed, counted, rewrapped and removed like files; nobody sees them as such,
-- and they take no room of the tenant's.
ALTER TABLE tenant_data.files
  ADD COLUMN operation_id uuid,
  DROP CONSTRAINT files_state_check,
  ADD CONSTRAINT files_state_check CHECK (state IN ('pending', 'stored', 'deleted', 'export')),
  ADD CHECK (state <> 'export'
             OR (sha256 IS NOT NULL AND data_key IS NOT NULL AND operation_id IS NOT NULL));
CREATE INDEX files_of_operation ON tenant_data.files (tenant_id, operation_id, file_id)
  WHERE operation_id IS NOT NULL;

-- An export shows what is deleted and can still be restored.
CREATE INDEX records_deleted ON tenant_data.records (tenant_id, collection_id, record_id)
  WHERE deleted_at IS NOT NULL;

-- A closed tenant's rows can be erased.
GRANT DELETE ON tenant_data.customers, tenant_data.collections, tenant_data.fields,
  tenant_data.field_groups, tenant_data.field_indexes, tenant_data.import_refusals,
  tenant_data.cursor_keys, tenant_data.file_usage, tenant_data.domains TO kasbah_tenant_data;
-- And whoever erases asks what of its events still waits.
GRANT SELECT (tenant_id, id) ON tenant_data.outbox
  TO kasbah_tenant_data, kasbah_tenant_data_resolver;

-- What is left of an erased tenant: a closed one's row without its names, so that its id and its trail
-- mean something. The slug's digest stands in its place, which keeps it from being given away.
ALTER TABLE core.tenants
  ADD COLUMN erased_at timestamptz,
  ADD CHECK (erased_at IS NULL OR (state = 'closed' AND slug LIKE '-%' AND display_name = ''));
