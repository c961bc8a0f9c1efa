-- How long a trail is kept, what became of its beginning, and what is held back from ending.

GRANT USAGE ON SCHEMA audit TO kasbah_audit_upkeep;
CALL core.admit('kasbah_audit_upkeep');
GRANT INSERT ON audit.outbox TO kasbah_audit_upkeep;

-- What the configuration says, where the doors below can see it, and whose turn the work is.
CREATE TABLE audit.retention_state (
  only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  minimum_days integer NOT NULL DEFAULT 90 CHECK (minimum_days >= 30),
  default_days integer NOT NULL DEFAULT 400 CHECK (default_days >= minimum_days),
  holder       uuid,
  lease_until  timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO audit.retention_state DEFAULT VALUES;
CALL core.open_door('audit.retention_state', 'kasbah_audit_upkeep', 'SELECT', 'UPDATE');

-- A tenant's own choice; without a row the default holds.
CREATE TABLE audit.retention (
  tenant_id  uuid PRIMARY KEY,
  days       integer NOT NULL CHECK (days BETWEEN 30 AND 36500),
  updated_at timestamptz NOT NULL
);
CALL core.protect('audit.retention');
GRANT SELECT, INSERT, UPDATE ON audit.retention TO kasbah_audit;
CALL core.open_door('audit.retention', 'kasbah_audit_upkeep', 'SELECT');

-- The first event that is not pruned: inclusion and consistency are provable from here on.
ALTER TABLE audit.log_head ADD COLUMN min_index bigint NOT NULL DEFAULT 0 CHECK (min_index >= 0);
CALL core.open_door('audit.log_head', 'kasbah_audit_upkeep', 'SELECT (tenant_id, size, min_index)');

-- Bundles of events [first_seq, past_seq), in the object store. The row is there before the bundle,
-- so that what a crash leaves in the store is known: written_at is set once the bundle was read back
-- and verified, pruned_at once the log begins after it.
CREATE TABLE audit.archive (
  tenant_id       uuid NOT NULL,
  first_seq       bigint NOT NULL CHECK (first_seq >= 0),
  past_seq        bigint NOT NULL CHECK (past_seq > first_seq),
  month           date NOT NULL,
  first_at        timestamptz NOT NULL,
  last_at         timestamptz NOT NULL,
  events_object   uuid NOT NULL,
  personal_object uuid NOT NULL,
  -- Where a rewriting of the personal values goes, until it has taken their place.
  next_object     uuid,
  -- A signed note: what the bundle is, and the SHA-256 of its events.
  manifest        text NOT NULL DEFAULT '',
  events_bytes    bigint NOT NULL DEFAULT 0,
  personal_bytes  bigint NOT NULL DEFAULT 0,
  written_at      timestamptz,
  pruned_at       timestamptz,
  PRIMARY KEY (tenant_id, first_seq)
);
CALL core.protect('audit.archive');
GRANT SELECT ON audit.archive TO kasbah_audit;
CALL core.open_door('audit.archive', 'kasbah_audit_upkeep', 'SELECT', 'INSERT',
  'UPDATE (events_object, personal_object, next_object, manifest, events_bytes, personal_bytes,'
  ' written_at)');

-- What must not end: events that match all that is set. Released ones stay as a record.
CREATE TABLE audit.hold (
  tenant_id   uuid NOT NULL,
  hold_id     uuid NOT NULL,
  actor_id    text COLLATE "C",
  target_id   text COLLATE "C",
  start_time  timestamptz NOT NULL DEFAULT '-infinity',
  end_time    timestamptz NOT NULL DEFAULT 'infinity',
  reason      text NOT NULL,
  created_at  timestamptz NOT NULL,
  released_at timestamptz,
  PRIMARY KEY (tenant_id, hold_id)
);
CREATE INDEX hold_active ON audit.hold (tenant_id) WHERE released_at IS NULL;
CALL core.protect('audit.hold');
GRANT SELECT, INSERT, UPDATE (released_at) ON audit.hold TO kasbah_audit;

-- Redactions that have not reached every bundle yet. A row goes once they have, and with it the
-- subject that it may name.
CREATE TABLE audit.redaction (
  tenant_id    uuid NOT NULL,
  redaction_id uuid NOT NULL,
  -- These events; or, where null, those of a subject in a time.
  sequences    bigint[],
  subject_id   text COLLATE "C",
  start_time   timestamptz NOT NULL DEFAULT '-infinity',
  end_time     timestamptz NOT NULL DEFAULT 'infinity',
  -- merkle::kPersonalFields by number: bit 0 is the first.
  fields       integer NOT NULL CHECK (fields > 0),
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, redaction_id),
  CHECK ((sequences IS NULL) <> (subject_id IS NULL))
);
CALL core.protect('audit.redaction');
GRANT INSERT, SELECT ON audit.redaction TO kasbah_audit;
CALL core.open_door('audit.redaction', 'kasbah_audit_upkeep', 'SELECT', 'DELETE');

-- The doors below run as the owner, whom FORCE would otherwise blind. Nothing else does.
DO $$
DECLARE
  of_pruning text;
BEGIN
  FOREACH of_pruning IN ARRAY ARRAY['log_head', 'event', 'leaf', 'tile', 'hold', 'archive',
                                    'retention', 'retention_state'] LOOP
    EXECUTE pg_catalog.format('CREATE POLICY owner_prunes ON audit.%I TO kasbah_owner '
                              'USING (true) WITH CHECK (true)', of_pruning);
  END LOOP;
END $$;

-- A tenant's retention as it counts.
CREATE FUNCTION audit.retention_days(tenant uuid) RETURNS integer
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT greatest(30, s.minimum_days,
                  coalesce((SELECT r.days FROM audit.retention r WHERE r.tenant_id = tenant),
                           s.default_days))
  FROM audit.retention_state s
$$;
REVOKE EXECUTE ON FUNCTION audit.retention_days(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.retention_days(uuid) TO kasbah_audit_upkeep;

-- Moves the beginning of a tenant's log behind a bundle: returns the new one. Refuses (KB004) a
-- bundle that is not written, does not begin where the log does, holds more or less than is there,
-- or an event younger than the retention.
CREATE FUNCTION audit.advance_start(tenant uuid, first bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  begins bigint;
  past bigint;
  last_at timestamptz;
  present bigint;
BEGIN
  SELECT h.min_index INTO begins FROM audit.log_head h WHERE h.tenant_id = tenant FOR UPDATE;
  SELECT a.past_seq INTO past FROM audit.archive a
  WHERE a.tenant_id = tenant AND a.first_seq = first AND a.written_at IS NOT NULL;
  IF past IS NULL THEN RAISE EXCEPTION 'NOT_ARCHIVED' USING ERRCODE = 'KB004'; END IF;
  IF begins IS DISTINCT FROM first THEN
    RAISE EXCEPTION 'NOT_NEXT' USING ERRCODE = 'KB004';
  END IF;
  SELECT count(*), max(e.recorded_at) INTO present, last_at FROM audit.event e
  WHERE e.tenant_id = tenant AND e.seq >= first AND e.seq < past;
  IF present <> past - first THEN
    RAISE EXCEPTION 'EVENTS_MISSING' USING ERRCODE = 'KB004';
  END IF;
  IF last_at >= now() - pg_catalog.make_interval(days => audit.retention_days(tenant)) THEN
    RAISE EXCEPTION 'RETENTION_NOT_OVER' USING ERRCODE = 'KB004';
  END IF;
  UPDATE audit.log_head h SET min_index = past WHERE h.tenant_id = tenant;
  UPDATE audit.archive a SET pruned_at = now() WHERE a.tenant_id = tenant AND a.first_seq = first;
  RETURN past;
END $$;

-- Deletes at most about `page` rows of what a tenant's log has left behind: events that no hold
-- matches, then leaves whose event is gone, then tiles of level 0 whose leaves are. Returns how many
-- rows went; 0 when nothing is left. What the tree's right edge is worked out from stays: leaves of
-- the tile that is not full, and tiles under a tile of level 1 that is not.
CREATE FUNCTION audit.delete_pruned(tenant uuid, page integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  begins bigint;
  edge bigint;
  root_edge bigint;
  gone bigint;
  more bigint;
BEGIN
  -- A hold that commits meanwhile would come too late for rows that are already chosen.
  LOCK TABLE audit.hold IN SHARE MODE;
  SELECT h.min_index, (h.size >> 8) << 8, (h.size >> 16) << 8 INTO begins, edge, root_edge
  FROM audit.log_head h WHERE h.tenant_id = tenant;
  IF begins IS NULL THEN RETURN 0; END IF;

  DELETE FROM audit.event e USING (
    SELECT v.seq, v.recorded_at FROM audit.event v
    WHERE v.tenant_id = tenant AND v.seq < begins AND NOT EXISTS (
      SELECT FROM audit.hold h
      WHERE h.tenant_id = tenant AND h.released_at IS NULL
        AND (h.actor_id IS NULL OR h.actor_id = v.actor_id)
        AND (h.target_id IS NULL OR h.target_id = v.target_id)
        AND v.recorded_at >= h.start_time AND v.recorded_at < h.end_time)
    ORDER BY v.seq LIMIT page) old
  WHERE e.tenant_id = tenant AND e.seq = old.seq AND e.recorded_at = old.recorded_at;
  GET DIAGNOSTICS gone = ROW_COUNT;
  IF gone >= page THEN RETURN gone; END IF;

  DELETE FROM audit.leaf l USING (
    SELECT v.seq, v.recorded_at FROM audit.leaf v
    WHERE v.tenant_id = tenant AND v.seq < least(begins, edge) AND NOT EXISTS (
      SELECT FROM audit.event e WHERE e.tenant_id = tenant AND e.seq = v.seq)
    ORDER BY v.seq LIMIT page) old
  WHERE l.tenant_id = tenant AND l.seq = old.seq AND l.recorded_at = old.recorded_at;
  GET DIAGNOSTICS more = ROW_COUNT;
  gone := gone + more;
  IF more >= page THEN RETURN gone; END IF;

  DELETE FROM audit.tile t USING (
    SELECT v.n FROM audit.tile v
    WHERE v.tenant_id = tenant AND v.level = 0 AND v.n < least(begins >> 8, root_edge)
      AND NOT EXISTS (SELECT FROM audit.event e WHERE e.tenant_id = tenant
                        AND e.seq >= v.n << 8 AND e.seq < (v.n + 1) << 8)
    ORDER BY v.n LIMIT page) old
  WHERE t.tenant_id = tenant AND t.level = 0 AND t.n = old.n;
  GET DIAGNOSTICS more = ROW_COUNT;
  RETURN gone + more;
END $$;

-- Drops the partitions of one month, events and leaves. Refuses (KB004) unless the month is over for
-- the retention of every tenant that has rows in it, and each of those logs begins after them:
-- whoever calls, nothing goes that is younger, or that no bundle has. What a hold matches and what
-- the trees' right edges need moves to the default partitions, where every query finds it as before;
-- where that would be long, MONTH_HELD: rows are deleted by pages then and the partition stays.
CREATE FUNCTION audit.drop_month(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '2s' AS $$
DECLARE
  most_moved CONSTANT bigint := 50000;
  low CONSTANT timestamptz := pg_catalog.date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
  high CONSTANT timestamptz := (pg_catalog.date_trunc('month', month::timestamp)
                                + interval '1 month') AT TIME ZONE 'UTC';
  suffix CONSTANT text := pg_catalog.to_char(month::timestamp, '_YYYY_MM');
  parent text;
  partition regclass;
  tenant uuid;
  last_seq bigint;
  begins bigint;
  held_tenants uuid[];
  held_seqs bigint[];
  held_times timestamptz[];
  edge_tenants uuid[];
  edge_seqs bigint[];
  edge_times timestamptz[];
BEGIN
  LOCK TABLE audit.hold IN SHARE MODE;
  FOREACH parent IN ARRAY ARRAY['event', 'leaf'] LOOP
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_inherits i
        WHERE i.inhparent = pg_catalog.format('audit.%I', parent)::regclass
          AND i.inhrelid = pg_catalog.to_regclass(pg_catalog.format('audit.%I', parent || suffix)))
    THEN
      RAISE EXCEPTION 'MONTH_ABSENT' USING ERRCODE = 'KB004';
    END IF;
    -- From tenant to tenant along the key, however many rows each has.
    tenant := '00000000-0000-0000-0000-000000000000';
    LOOP
      EXECUTE pg_catalog.format(
        'SELECT tenant_id FROM audit.%I WHERE recorded_at >= $1 AND recorded_at < $2 '
        'AND tenant_id > $3 ORDER BY tenant_id LIMIT 1', parent)
        INTO tenant USING low, high, tenant;
      EXIT WHEN tenant IS NULL;
      EXECUTE pg_catalog.format(
        'SELECT seq FROM audit.%I WHERE recorded_at >= $1 AND recorded_at < $2 '
        'AND tenant_id = $3 ORDER BY seq DESC LIMIT 1', parent)
        INTO last_seq USING low, high, tenant;
      SELECT h.min_index INTO begins FROM audit.log_head h WHERE h.tenant_id = tenant;
      IF begins IS NULL OR last_seq >= begins THEN
        RAISE EXCEPTION 'MONTH_NOT_ARCHIVED' USING ERRCODE = 'KB004';
      END IF;
      IF high > now() - pg_catalog.make_interval(days => audit.retention_days(tenant)) THEN
        RAISE EXCEPTION 'RETENTION_NOT_OVER' USING ERRCODE = 'KB004';
      END IF;
    END LOOP;
  END LOOP;
  -- An empty month may be one that is still to come.
  IF high > now() - interval '30 days' THEN
    RAISE EXCEPTION 'RETENTION_NOT_OVER' USING ERRCODE = 'KB004';
  END IF;

  -- What moves is looked up here, before anybody has to wait. OFFSET 0 keeps each a scan of an index.
  SELECT array_agg(k.tenant_id), array_agg(k.seq), array_agg(k.recorded_at)
  INTO held_tenants, held_seqs, held_times FROM (
    SELECT DISTINCT e.tenant_id, e.seq, e.recorded_at FROM audit.hold h CROSS JOIN LATERAL (
      SELECT v.tenant_id, v.seq, v.recorded_at FROM audit.event v
      WHERE v.tenant_id = h.tenant_id AND v.recorded_at >= low AND v.recorded_at < high
        AND (h.actor_id IS NULL OR h.actor_id = v.actor_id)
        AND (h.target_id IS NULL OR h.target_id = v.target_id)
        AND v.recorded_at >= h.start_time AND v.recorded_at < h.end_time
      OFFSET 0) e
    WHERE h.released_at IS NULL LIMIT most_moved + 1) k;
  SELECT array_agg(k.tenant_id), array_agg(k.seq), array_agg(k.recorded_at)
  INTO edge_tenants, edge_seqs, edge_times FROM (
    SELECT l.tenant_id, l.seq, l.recorded_at FROM audit.log_head h CROSS JOIN LATERAL (
      SELECT v.tenant_id, v.seq, v.recorded_at FROM audit.leaf v
      WHERE v.tenant_id = h.tenant_id AND v.seq >= (h.size >> 8) << 8
        AND v.recorded_at >= low AND v.recorded_at < high
      OFFSET 0) l
    LIMIT most_moved + 1) k;
  IF coalesce(cardinality(held_seqs), 0) > most_moved
     OR coalesce(cardinality(edge_seqs), 0) > most_moved THEN
    RAISE EXCEPTION 'MONTH_HELD' USING ERRCODE = 'KB004';
  END IF;

  partition := pg_catalog.format('audit.%I', 'event' || suffix)::regclass;
  EXECUTE pg_catalog.format('ALTER TABLE audit.event DETACH PARTITION %s', partition);
  EXECUTE pg_catalog.format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', partition);
  EXECUTE pg_catalog.format(
    'INSERT INTO audit.event SELECT e.* FROM unnest($1, $2, $3) AS k (tenant_id, seq, recorded_at) '
    'JOIN %s e USING (tenant_id, seq, recorded_at)', partition)
    USING held_tenants, held_seqs, held_times;
  EXECUTE pg_catalog.format('DROP TABLE %s', partition);

  partition := pg_catalog.format('audit.%I', 'leaf' || suffix)::regclass;
  EXECUTE pg_catalog.format('ALTER TABLE audit.leaf DETACH PARTITION %s', partition);
  EXECUTE pg_catalog.format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', partition);
  EXECUTE pg_catalog.format(
    'INSERT INTO audit.leaf SELECT l.* FROM (SELECT * FROM unnest($1, $2, $3) '
    'UNION SELECT * FROM unnest($4, $5, $6)) AS k (tenant_id, seq, recorded_at) '
    'JOIN %s l USING (tenant_id, seq, recorded_at)', partition)
    USING held_tenants, held_seqs, held_times, edge_tenants, edge_seqs, edge_times;
  EXECUTE pg_catalog.format('DROP TABLE %s', partition);
END $$;

REVOKE EXECUTE ON FUNCTION audit.advance_start(uuid, bigint), audit.delete_pruned(uuid, integer),
  audit.drop_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.advance_start(uuid, bigint), audit.delete_pruned(uuid, integer),
  audit.drop_month(date) TO kasbah_audit_upkeep;

-- Incidents are the installation's: no tenant sees them, and each affected one is told.
GRANT USAGE ON SCHEMA audit TO kasbah_audit_incidents;
CALL core.admit('kasbah_audit_incidents');
GRANT INSERT ON audit.outbox TO kasbah_audit_incidents;
CALL core.open_door('audit.log_head', 'kasbah_audit_incidents', 'SELECT (tenant_id, size)');
CALL core.open_door('audit.event', 'kasbah_audit_incidents',
  'SELECT (tenant_id, seq, recorded_at, actor_id, target_id, source_address)');

CREATE TABLE audit.incident (
  incident_id  uuid PRIMARY KEY,
  title        text NOT NULL,
  start_time   timestamptz NOT NULL,
  end_time     timestamptz NOT NULL CHECK (end_time > start_time),
  -- What affected events have; all that is set must match.
  actor_id     text COLLATE "C",
  key_id       text COLLATE "C",
  source       text COLLATE "C",
  detected_at  timestamptz NOT NULL,
  due_at       timestamptz NOT NULL,
  opened_at    timestamptz NOT NULL,
  -- The search: the tenant it is at, the next event and the one it ends before there.
  at_tenant    uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  next_seq     bigint,
  past_seq     bigint,
  searched_at  timestamptz,
  -- What owners are told, once it is decided to tell them; told_at once all were.
  message      text,
  told_at      timestamptz,
  -- The supervisory authority (GDPR, Article 33).
  authority_at timestamptz,
  closed_at    timestamptz,
  CHECK (num_nonnulls(actor_id, key_id, source) > 0)
);
CALL core.open_door('audit.incident', 'kasbah_audit_incidents', 'SELECT', 'INSERT', 'UPDATE');

CREATE TABLE audit.incident_tenant (
  incident_id uuid NOT NULL REFERENCES audit.incident,
  tenant_id   uuid NOT NULL,
  events      bigint NOT NULL,
  first_at    timestamptz NOT NULL,
  last_at     timestamptz NOT NULL,
  told_at     timestamptz,
  PRIMARY KEY (incident_id, tenant_id)
);
CALL core.open_door('audit.incident_tenant', 'kasbah_audit_incidents', 'SELECT', 'INSERT', 'UPDATE');

-- The record: what was noted, decided and done, in order.
CREATE TABLE audit.incident_entry (
  incident_id uuid NOT NULL REFERENCES audit.incident,
  entry       bigint NOT NULL,
  kind        text COLLATE "C" NOT NULL,
  text        text NOT NULL,
  made_by     text COLLATE "C" NOT NULL,
  made_at     timestamptz NOT NULL,
  PRIMARY KEY (incident_id, entry)
);
CALL core.open_door('audit.incident_entry', 'kasbah_audit_incidents', 'SELECT', 'INSERT');
