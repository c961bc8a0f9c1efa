-- Where each tenant's records are, and moving them (ARCHITECTURE.md, "Placement").

GRANT USAGE ON SCHEMA tenant_data TO kasbah_tenant_data_mover;
CALL core.admit('kasbah_tenant_data_mover');
GRANT EXECUTE ON FUNCTION core.records_lock(uuid),
  core.place_records(uuid, uuid, text[], text, bigint) TO kasbah_tenant_data_mover;
CALL core.open_door('core.tenants', 'kasbah_tenant_data_mover', 'SELECT', 'INSERT', 'UPDATE');
-- Writes a move's events, and sees whether a tenant's events are all carried out.
GRANT SELECT, INSERT ON tenant_data.outbox TO kasbah_tenant_data_mover;
-- Leaves tenants alone whose records are not here to be looked after.
CALL core.open_door('core.tenants', 'kasbah_tenant_data_upkeep', 'SELECT (tenant_id, records)');
-- Domains stay at home, with the hosts that they prove.
GRANT INSERT ON tenant_data.domains TO kasbah_tenant_data_resolver;

-- The map, at home: tenants whose records are in a database other than this one.
CREATE TABLE tenant_data.placements (
  tenant_id uuid PRIMARY KEY,
  shard     text COLLATE "C" NOT NULL,
  placed_at timestamptz NOT NULL
);
CALL core.open_door('tenant_data.placements', 'kasbah_tenant_data_mover',
                    'SELECT', 'INSERT', 'UPDATE', 'DELETE');

-- At home as well. One move at a time for a tenant, its cleaning up included.
CREATE TABLE tenant_data.moves (
  move_id     uuid PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  source      text COLLATE "C" NOT NULL,
  target      text COLLATE "C" NOT NULL,
  step        text COLLATE "C" NOT NULL DEFAULT 'prepare' CHECK (step IN (
                'prepare', 'copy', 'catch_up', 'finish', 'clean', 'done', 'cancelling',
                'cancelled', 'failed')),
  -- Of the copy: the table that it is at, and the key of the last row that is there.
  at_table    text COLLATE "C" NOT NULL DEFAULT '',
  at_key      text COLLATE "C" NOT NULL DEFAULT '',
  copied      bigint NOT NULL DEFAULT 0,
  caught_up   bigint NOT NULL DEFAULT 0,
  -- How often writers were held up, and how long the last time.
  attempts    bigint NOT NULL DEFAULT 0,
  held_ms     bigint NOT NULL DEFAULT 0,
  -- What keeps it, or has ended it; a reason, UPPER_SNAKE.
  problem     text COLLATE "C" NOT NULL DEFAULT '',
  holder      uuid,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  -- When there is something to do again.
  due_at      timestamptz NOT NULL,
  started_at  timestamptz NOT NULL,
  switched_at timestamptz,
  finished_at timestamptz,
  CHECK ((finished_at IS NOT NULL) = (step IN ('done', 'cancelled', 'failed')))
);
CREATE UNIQUE INDEX moves_under_way ON tenant_data.moves (tenant_id) WHERE finished_at IS NULL;
CREATE INDEX moves_of_tenant ON tenant_data.moves (tenant_id, move_id);
CREATE INDEX moves_due ON tenant_data.moves (due_at) WHERE finished_at IS NULL;
CALL core.open_door('tenant_data.moves', 'kasbah_tenant_data_mover', 'SELECT', 'INSERT', 'UPDATE');

-- Rows that changed while their tenant was leaving, by their keys.
CREATE TABLE tenant_data.changed_rows (
  tenant_id uuid NOT NULL,
  number    bigint GENERATED ALWAYS AS IDENTITY,
  relation  text COLLATE "C" NOT NULL,
  key       jsonb NOT NULL,
  PRIMARY KEY (tenant_id, number)
);
CALL core.protect('tenant_data.changed_rows');
GRANT INSERT ON tenant_data.changed_rows TO kasbah_tenant_data;
GRANT SELECT, DELETE ON tenant_data.changed_rows TO kasbah_tenant_data_mover;
CALL core.open_door('tenant_data.changed_rows', 'kasbah_tenant_data_upkeep', 'INSERT');

-- Notes a row's key, and its former one where it changed. A trigger's arguments are the columns of
-- the key but tenant_id.
CREATE FUNCTION tenant_data.note_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  whose uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
  old_key jsonb;
  new_key jsonb;
BEGIN
  IF current_setting('kasbah.moving', true) IS DISTINCT FROM 'on' THEN
    -- Who entered a tenant was told, and may not look. Who came by another door looks.
    IF current_setting('kasbah.tenant', true) <> '' THEN
      RETURN NULL;
    END IF;
    IF NOT EXISTS (
      SELECT FROM core.tenants t WHERE t.tenant_id = whose AND t.records IN ('leaving', 'held'))
    THEN
      RETURN NULL;
    END IF;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    old_key := tenant_data.key_of(pg_catalog.to_jsonb(OLD), TG_ARGV);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    new_key := tenant_data.key_of(pg_catalog.to_jsonb(NEW), TG_ARGV);
  END IF;
  INSERT INTO tenant_data.changed_rows (tenant_id, relation, key)
  SELECT whose, TG_TABLE_NAME, k.key
  FROM (SELECT old_key UNION SELECT new_key) AS k (key) WHERE k.key IS NOT NULL;
  RETURN NULL;
END $$;

CREATE FUNCTION tenant_data.key_of(changed jsonb, columns text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = ''
RETURN (SELECT coalesce(pg_catalog.jsonb_object_agg(c, changed -> c), '{}')
        FROM pg_catalog.unnest(coalesce(columns, '{}')) AS c);

-- Every table of a tenant's records goes through here. The trigger costs nothing until somebody of
-- this database moves.
CREATE PROCEDURE tenant_data.make_movable(target regclass)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  columns text;
BEGIN
  SELECT pg_catalog.string_agg(pg_catalog.quote_literal(a.attname), ', ' ORDER BY k.n) INTO columns
  FROM pg_catalog.pg_index i
  CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  WHERE i.indrelid = target AND i.indisprimary AND a.attname <> 'tenant_id';
  EXECUTE pg_catalog.format(
    'CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON %s '
    'FOR EACH ROW EXECUTE FUNCTION tenant_data.note_change(%s)', target, coalesce(columns, ''));
  EXECUTE pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER note_change', target);
  EXECUTE pg_catalog.format(
    'GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO kasbah_tenant_data_mover', target);
END $$;

DO $$
DECLARE
  target regclass;
BEGIN
  FOR target IN
    SELECT c.oid FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relnamespace = 'tenant_data'::regnamespace AND c.relkind = 'r'
      AND c.relname NOT IN ('domains', 'hosts', 'outbox', 'placements', 'moves', 'changed_rows')
  LOOP
    CALL tenant_data.make_movable(target);
  END LOOP;
END $$;

-- Has a table's changes noted as long as somebody is leaving, and no longer. Waits for writers only
-- briefly, since all tenants' wait behind it; 55P03 then.
CREATE FUNCTION tenant_data.follow_changes(target regclass) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '200ms' AS $$
DECLARE
  wanted boolean;
  found_on boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(7234017283807667303);
  wanted := EXISTS (SELECT FROM core.tenants t WHERE t.records IN ('leaving', 'held'));
  SELECT g.tgenabled <> 'D' INTO STRICT found_on
  FROM pg_catalog.pg_trigger g WHERE g.tgrelid = target AND g.tgname = 'note_change';
  IF found_on <> wanted THEN
    EXECUTE pg_catalog.format('ALTER TABLE %s %s TRIGGER note_change', target,
                              CASE WHEN wanted THEN 'ENABLE' ELSE 'DISABLE' END);
  END IF;
  RETURN wanted;
END $$;

-- How many rows of a tenant a table has, and a sum over their contents that is the same wherever
-- the rows are.
CREATE FUNCTION tenant_data.digest_of(target regclass, tenant uuid,
                                      OUT row_count bigint, OUT digest text)
LANGUAGE plpgsql SET search_path = '' SET timezone = 'UTC' SET datestyle = 'ISO'
SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
BEGIN
  EXECUTE pg_catalog.format(
    'SELECT count(*), concat_ws('':'', sum(hashtextextended(t::text, 1)), '
    'sum(hashtextextended(t::text, 2))) FROM %s t WHERE t.tenant_id = $1', target)
  INTO row_count, digest USING tenant;
END $$;

REVOKE EXECUTE ON FUNCTION tenant_data.note_change(), tenant_data.key_of(jsonb, text[]),
  tenant_data.follow_changes(regclass), tenant_data.digest_of(regclass, uuid) FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE tenant_data.make_movable(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_data.follow_changes(regclass),
  tenant_data.digest_of(regclass, uuid) TO kasbah_tenant_data_mover;
GRANT EXECUTE ON FUNCTION tenant_data.key_of(jsonb, text[])
  TO kasbah_tenant_data, kasbah_tenant_data_upkeep;
-- Of generated columns.
GRANT EXECUTE ON FUNCTION tenant_data.oldest_key_version(bytea) TO kasbah_tenant_data_mover;
