-- The audit log: a Merkle tree of what happened for each tenant, and what reading it needs.

CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO kasbah_audit, kasbah_audit_relay, kasbah_audit_ingest;
CALL core.admit('kasbah_audit');
-- Audit's own events go out like everybody's and come back through its own receiver.
CALL core.create_outbox('audit', 'kasbah_audit', 'kasbah_audit_relay');

-- A tenant's log in one row: the lock under which it grows. Written with every flush, so it holds no
-- index beyond its key and room for updates in place.
CREATE TABLE audit.log_head (
  tenant_id        uuid PRIMARY KEY,
  size             bigint NOT NULL CHECK (size >= 0),
  root             bytea NOT NULL,
  -- Roots of the perfect subtrees, 32 bytes each: all that is needed to append.
  frontier         bytea NOT NULL,
  last_recorded_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CALL core.protect('audit.log_head');
GRANT SELECT ON audit.log_head TO kasbah_audit;
CALL core.open_door('audit.log_head', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');

-- What happened. `body` holds the bytes that were hashed; the columns before it are what is searched
-- by. recorded_at stands in the key because a partitioned table demands it.
CREATE TABLE audit.event (
  tenant_id           uuid NOT NULL,
  seq                 bigint NOT NULL,
  recorded_at         timestamptz NOT NULL,
  action              text COLLATE "C" NOT NULL,
  actor_id            text COLLATE "C" NOT NULL,
  target_id           text COLLATE "C" NOT NULL,
  outcome             smallint NOT NULL,
  body                bytea NOT NULL,
  source_address      text COLLATE "C",
  source_address_salt bytea,
  user_agent          text COLLATE "C",
  user_agent_salt     bytea,
  actor_display       text COLLATE "C",
  actor_display_salt  bytea,
  PRIMARY KEY (tenant_id, seq, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX event_actor ON audit.event (tenant_id, actor_id, seq);
CREATE INDEX event_action ON audit.event (tenant_id, action, seq);
CREATE INDEX event_target ON audit.event (tenant_id, target_id, seq);
CREATE INDEX event_time ON audit.event (tenant_id, recorded_at, seq);
-- Nearly everything succeeds: those are found by their place, the rest by this.
CREATE INDEX event_outcome ON audit.event (tenant_id, outcome, seq) WHERE outcome <> 1;
COMMENT ON COLUMN audit.event.source_address IS 'personal: where the call came from';
COMMENT ON COLUMN audit.event.user_agent IS 'personal: the program that called';
COMMENT ON COLUMN audit.event.actor_display IS 'personal: the name of who acted';
CALL core.protect('audit.event');
GRANT SELECT, UPDATE (source_address, source_address_salt, user_agent, user_agent_salt,
                      actor_display, actor_display_salt) ON audit.event TO kasbah_audit;
CALL core.open_door('audit.event', 'kasbah_audit_ingest', 'INSERT');

-- The bytes the tree is built of, which hold no personal value and outlive the events' partitions.
CREATE TABLE audit.leaf (
  tenant_id   uuid NOT NULL,
  seq         bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  leaf        bytea NOT NULL,
  PRIMARY KEY (tenant_id, seq, recorded_at)
) PARTITION BY RANGE (recorded_at);
CALL core.protect('audit.leaf');
GRANT SELECT ON audit.leaf TO kasbah_audit;
CALL core.open_door('audit.leaf', 'kasbah_audit_ingest', 'SELECT', 'INSERT');

-- Makes the monthly partitions of `months` months from the one of `first` on; those that exist are
-- left alone. For the owner, ahead of time: rows of a month without one stand in the default
-- partition, from which a month can no longer be split while it holds rows of it.
CREATE PROCEDURE audit.add_partitions(first date, months integer)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  parent text;
  partition text;
  month timestamp;
BEGIN
  FOR i IN 0 .. months - 1 LOOP
    month := pg_catalog.date_trunc('month', first::timestamp) + pg_catalog.make_interval(months => i);
    FOREACH parent IN ARRAY ARRAY['event', 'leaf'] LOOP
      partition := pg_catalog.format('audit.%I', parent || pg_catalog.to_char(month, '_YYYY_MM'));
      CONTINUE WHEN pg_catalog.to_regclass(partition) IS NOT NULL;
      EXECUTE pg_catalog.format(
        'CREATE TABLE %s PARTITION OF audit.%I FOR VALUES FROM (%L) TO (%L)', partition, parent,
        month::text || '+00', (month + pg_catalog.make_interval(months => 1))::text || '+00');
      CALL core.protect(partition::regclass);
    END LOOP;
  END LOOP;
END $$;
REVOKE EXECUTE ON PROCEDURE audit.add_partitions(date, integer) FROM PUBLIC;
CREATE TABLE audit.event_default PARTITION OF audit.event DEFAULT;
CALL core.protect('audit.event_default');
CREATE TABLE audit.leaf_default PARTITION OF audit.leaf DEFAULT;
CALL core.protect('audit.leaf_default');
CALL audit.add_partitions(current_date, 13);

-- Full tiles of 256 hashes (C2SP tlog-tiles); what stands to their right is computed when asked for.
CREATE TABLE audit.tile (
  tenant_id uuid NOT NULL,
  level     integer NOT NULL,
  n         bigint NOT NULL,
  hashes    bytea NOT NULL CHECK (length(hashes) = 8192),
  -- Of the tile: the hash that stands for it one level up.
  root      bytea NOT NULL CHECK (length(root) = 32),
  PRIMARY KEY (tenant_id, level, n)
);
-- Hashes do not compress.
ALTER TABLE audit.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CALL core.protect('audit.tile');
GRANT SELECT ON audit.tile TO kasbah_audit;
CALL core.open_door('audit.tile', 'kasbah_audit_ingest', 'SELECT', 'INSERT');

-- The newest head that was signed: a later one must not be smaller. Older ones are for those who
-- asked for them to keep.
CREATE TABLE audit.checkpoint (
  tenant_id uuid PRIMARY KEY,
  size      bigint NOT NULL,
  root      bytea NOT NULL,
  note      text NOT NULL,
  signed_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CALL core.protect('audit.checkpoint');
GRANT SELECT, INSERT, UPDATE ON audit.checkpoint TO kasbah_audit;
CALL core.open_door('audit.checkpoint', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');

-- How far each relay's batches were applied; moves in the transaction that applies them.
CREATE TABLE audit.receiver_cursor (
  source     text COLLATE "C" NOT NULL,
  shard      text COLLATE "C" NOT NULL,
  epoch      uuid NOT NULL,
  last_batch bigint NOT NULL,
  digest     bytea NOT NULL,
  applied_at timestamptz NOT NULL,
  PRIMARY KEY (source, shard, epoch)
);
CALL core.open_door('audit.receiver_cursor', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');

-- Entries that could not become events, as they came: kept for people, in nobody's way.
CREATE TABLE audit.quarantine (
  quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id     uuid NOT NULL,
  source        text COLLATE "C" NOT NULL,
  shard         text COLLATE "C" NOT NULL,
  epoch         uuid NOT NULL,
  batch         bigint NOT NULL,
  entry_id      bigint NOT NULL,
  reason        text COLLATE "C" NOT NULL,
  payload       bytea NOT NULL,
  received_at   timestamptz NOT NULL
);
CALL core.open_door('audit.quarantine', 'kasbah_audit_ingest', 'INSERT');

-- The key that signs checkpoints, sealed by the vault.
CREATE TABLE audit.signing_key (
  generation  bigint PRIMARY KEY CHECK (generation > 0),
  public_key  bytea NOT NULL CHECK (length(public_key) = 32),
  sealed_seed bytea NOT NULL,
  created_at  timestamptz NOT NULL
);
CALL core.open_door('audit.signing_key', 'kasbah_audit_ingest', 'SELECT', 'INSERT');
