-- The system log: one tree of how far every tenant's log had come, whose heads witnesses cosign. And
-- what the service finds when it checks the logs by itself. What is the installation's is behind the
-- ingest door alone.

-- The tree's head in one row: the lock under which it grows.
CREATE TABLE audit.system_log (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  size     bigint NOT NULL CHECK (size >= 0),
  root     bytea NOT NULL,
  frontier bytea NOT NULL
) WITH (fillfactor = 50);
INSERT INTO audit.system_log (size, root, frontier) VALUES (0, sha256(''), '');
CALL core.open_door('audit.system_log', 'kasbah_audit_ingest', 'SELECT', 'UPDATE');

-- Its entries: a signed head of a tenant's log each. `leaf` is what the tree is built of.
CREATE TABLE audit.system_entry (
  seq       bigint PRIMARY KEY,
  tenant_id uuid NOT NULL,
  size      bigint NOT NULL,
  leaf      bytea NOT NULL
);
CREATE INDEX system_entry_of_tenant ON audit.system_entry (tenant_id, seq);
CALL core.open_door('audit.system_entry', 'kasbah_audit_ingest', 'SELECT', 'INSERT');

CREATE TABLE audit.system_tile (
  level  integer NOT NULL,
  n      bigint NOT NULL,
  hashes bytea NOT NULL CHECK (length(hashes) = 8192),
  root   bytea NOT NULL CHECK (length(root) = 32),
  PRIMARY KEY (level, n)
);
ALTER TABLE audit.system_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CALL core.open_door('audit.system_tile', 'kasbah_audit_ingest', 'SELECT', 'INSERT');

-- How far each tenant's log is in it.
CREATE TABLE audit.system_member (
  tenant_id uuid PRIMARY KEY,
  size      bigint NOT NULL
) WITH (fillfactor = 50);
CALL core.open_door('audit.system_member', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');

-- Its signed heads, from the newest that enough witnesses cosigned on; older ones are for those who
-- keep them.
CREATE TABLE audit.system_checkpoint (
  size         bigint PRIMARY KEY,
  note         text NOT NULL,
  signed_at    timestamptz NOT NULL,
  -- Signature lines to go below the note, and whose they are.
  cosignatures text NOT NULL DEFAULT '',
  witnesses    text[] NOT NULL DEFAULT '{}'
);
CALL core.open_door('audit.system_checkpoint', 'kasbah_audit_ingest',
                    'SELECT', 'INSERT', 'UPDATE', 'DELETE');

CREATE TABLE audit.witness (
  name        text COLLATE "C" PRIMARY KEY,
  -- As of its last answer.
  size        bigint NOT NULL DEFAULT 0,
  cosigned_at timestamptz,
  asked_at    timestamptz NOT NULL,
  -- UPPER_SNAKE, why the last request brought no cosignature; empty when it did.
  failure     text COLLATE "C" NOT NULL
);
CALL core.open_door('audit.witness', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');

-- Whose turn a log's check is. How far a round came, and the tree up to there, is in the memory of
-- who holds it: what stands here could be changed by whoever changed the log.
CREATE TABLE audit.self_check (
  tenant_id   uuid PRIMARY KEY,
  due_at      timestamptz NOT NULL,
  holder      uuid,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  -- Events that the round under way has passed, and since when it is.
  passed      bigint NOT NULL DEFAULT 0,
  started_at  timestamptz,
  -- Events that the last finished round found as they were written, or not.
  checked     bigint NOT NULL DEFAULT 0,
  finished_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX self_check_due ON audit.self_check (due_at);
CALL core.protect('audit.self_check');
GRANT SELECT ON audit.self_check TO kasbah_audit;
CALL core.open_door('audit.self_check', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');

-- What was found that is not as it was written. Stays until an operator has seen to it.
CREATE TABLE audit.damage (
  tenant_id   uuid NOT NULL,
  kind        text COLLATE "C" NOT NULL,
  place       text COLLATE "C" NOT NULL,
  found_at    timestamptz NOT NULL,
  seen_at     timestamptz NOT NULL,
  -- Once the system's trail tells of it.
  reported_at timestamptz,
  PRIMARY KEY (tenant_id, kind, place)
);
CREATE INDEX damage_unreported ON audit.damage (tenant_id) WHERE reported_at IS NULL;
CALL core.protect('audit.damage');
GRANT SELECT ON audit.damage TO kasbah_audit;
CALL core.open_door('audit.damage', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');

-- The self-check compares events with their leaves, whatever the state of their tenant.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_policy
             WHERE polrelid = 'audit.event'::regclass
               AND polname = 'door_kasbah_audit_ingest_select') THEN
    GRANT SELECT ON audit.event TO kasbah_audit_ingest;
  ELSE
    CALL core.open_door('audit.event', 'kasbah_audit_ingest', 'SELECT');
  END IF;
END $$;

-- Where the relays' cursors stood at the last look, signed: one that went back, changed or vanished
-- since was not moved by us.
CREATE TABLE audit.cursor_seal (
  source     text COLLATE "C" NOT NULL,
  shard      text COLLATE "C" NOT NULL,
  epoch      uuid NOT NULL,
  last_batch bigint NOT NULL,
  digest     bytea NOT NULL,
  signature  bytea NOT NULL,
  PRIMARY KEY (source, shard, epoch)
);
CALL core.open_door('audit.cursor_seal', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');
