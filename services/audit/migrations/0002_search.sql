-- Searching the log, counting it, what tenants' own applications add to it, and partitions ahead of
-- time.

-- By address, for the events that have one: erasing it takes the event out of the index too.
CREATE INDEX event_source ON audit.event (tenant_id, source_address, seq)
  WHERE source_address IS NOT NULL;

-- By request: its id stands in the body, and 64 bits of it here, the first ones of a UUID (its
-- time, so that what arrives together lies together) or else of a hash. Eight bytes where the id
-- has 36; whoever reads compares the body.
ALTER TABLE audit.event ADD COLUMN request_key bigint;
CREATE INDEX event_request ON audit.event (tenant_id, request_key, seq)
  WHERE request_key IS NOT NULL;

-- How many events of each action each day (UTC) has, added up in the background: a log's events
-- from
-- `counted` on are not in it yet.
CREATE TABLE audit.event_count (
  tenant_id uuid NOT NULL,
  -- Midnight, UTC.
  day       timestamptz NOT NULL,
  action    text COLLATE "C" NOT NULL,
  events    bigint NOT NULL CHECK (events > 0),
  PRIMARY KEY (tenant_id, day, action)
) WITH (fillfactor = 70);
CALL core.protect('audit.event_count');
GRANT SELECT ON audit.event_count TO kasbah_audit;
CALL core.open_door('audit.event_count', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');

CREATE TABLE audit.count_cursor (
  tenant_id uuid PRIMARY KEY,
  counted   bigint NOT NULL CHECK (counted >= 0)
) WITH (fillfactor = 50);
CALL core.protect('audit.count_cursor');
GRANT SELECT ON audit.count_cursor TO kasbah_audit;
CALL core.open_door('audit.count_cursor', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'UPDATE');
CALL core.open_door('audit.event', 'kasbah_audit_ingest',
                    'SELECT (tenant_id, seq, recorded_at, action)');

-- What a tenant's own applications sent, by their ids: one that comes again is answered again.
-- Forgets
-- after 90 days.
CREATE TABLE audit.appended_event (
  tenant_id       uuid NOT NULL,
  client_event_id text COLLATE "C" NOT NULL,
  -- SHA-256 of what it said, personal values apart.
  digest          bytea NOT NULL CHECK (length(digest) = 32),
  seq             bigint NOT NULL,
  recorded_at     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, client_event_id)
);
-- For forgetting alone: rows lie in the order of their time.
CREATE INDEX appended_event_age ON audit.appended_event USING brin (recorded_at);
CALL core.protect('audit.appended_event');
CALL core.open_door('audit.appended_event', 'kasbah_audit_ingest', 'SELECT', 'INSERT', 'DELETE');

-- Partitions for the months to come, made by whoever asks: the processes, each hour. Nothing can be
-- asked for but what is due. Gives up soon where the tables are busy: it will be asked again.
CREATE FUNCTION audit.extend_partitions() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '1s' AS $$
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('audit.extend_partitions'));
  CALL audit.add_partitions(pg_catalog.timezone('UTC', pg_catalog.now())::date, 14);
END $$;
REVOKE EXECUTE ON FUNCTION audit.extend_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.extend_partitions() TO kasbah_audit_ingest;
