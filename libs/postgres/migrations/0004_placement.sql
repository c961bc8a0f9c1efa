-- The records of a tenant can be in another database of the same form, to which they move while the
-- tenant works. Each database has a row of core.tenants for every tenant that ever had records in it
-- and says in it whether it has them now: at most one of them says 'here'.
--
--   here       as ever
--   leaving    as ever, and what changes is noted for the copy (kasbah.moving)
--   held       read only until held_until, which nobody has to end; then as 'leaving'
--   elsewhere  refused: who comes asks again where the records are
--
-- That concerns tenant-data's records alone. Whatever else belongs to the tenant stays where it is.
ALTER TABLE core.tenants
  ADD COLUMN records text COLLATE "C" NOT NULL DEFAULT 'here'
    CHECK (records IN ('here', 'leaving', 'held', 'elsewhere')),
  ADD COLUMN held_until timestamptz,
  -- The worker that may change that; what another does late is refused.
  ADD COLUMN mover uuid,
  ADD CHECK (records <> 'held' OR held_until IS NOT NULL);
CREATE INDEX tenants_moving ON core.tenants (tenant_id) WHERE records IN ('leaving', 'held');

-- Who works on records that move shares this lock; who changes where they are holds it alone.
CREATE FUNCTION core.records_lock(tenant uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = ''
RETURN pg_catalog.hashtextextended(tenant::text, 7234017283807667302);

-- For core.enter, where records are not simply here.   KB006 elsewhere
CREATE FUNCTION core.enter_moving(tenant uuid) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  place text;
  held boolean;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(core.records_lock(tenant));
  -- A statement of its own: it sees what the lock waited for.
  SELECT t.records, t.held_until > clock_timestamp() INTO place, held
  FROM core.tenants t WHERE t.tenant_id = tenant;
  IF place = 'elsewhere' THEN
    RAISE EXCEPTION 'the records are elsewhere' USING ERRCODE = 'KB006';
  ELSIF place = 'held' AND held THEN
    PERFORM set_config('transaction_read_only', 'on', true);
  ELSIF place <> 'here' THEN
    PERFORM set_config('kasbah.moving', 'on', true);
  END IF;
END $$;

-- As before. Where records are comes first: a copy that was left behind knows nothing of the state.
CREATE OR REPLACE FUNCTION core.enter(tenant uuid, customer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  current_tenant text := current_setting('kasbah.tenant', true);
  tenant_state text;
  place text;
BEGIN
  IF current_tenant <> '' AND current_tenant <> tenant::text THEN
    RAISE EXCEPTION 'a transaction has one tenant' USING ERRCODE = 'KB003';
  END IF;
  SELECT t.state, t.records INTO tenant_state, place FROM core.tenants t WHERE t.tenant_id = tenant;
  IF place <> 'here' AND session_user = 'kasbah_tenant_data' THEN
    PERFORM core.enter_moving(tenant);
  END IF;
  IF tenant_state IS NULL THEN
    RAISE EXCEPTION 'no such tenant' USING ERRCODE = 'KB001';
  ELSIF tenant_state = 'closed' THEN
    RAISE EXCEPTION 'the tenant is closed' USING ERRCODE = 'KB005';
  ELSIF tenant_state <> 'active' THEN
    RAISE EXCEPTION 'the tenant is suspended' USING ERRCODE = 'KB002';
  END IF;
  PERFORM set_config('kasbah.tenant', tenant::text, true),
          set_config('kasbah.customer_scope', customer, true);
END $$;

CREATE OR REPLACE FUNCTION core.enter_any_state(tenant uuid, customer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  current_tenant text := current_setting('kasbah.tenant', true);
  place text;
BEGIN
  IF current_tenant <> '' AND current_tenant <> tenant::text THEN
    RAISE EXCEPTION 'a transaction has one tenant' USING ERRCODE = 'KB003';
  END IF;
  SELECT t.records INTO place FROM core.tenants t WHERE t.tenant_id = tenant;
  IF place IS NULL THEN
    RAISE EXCEPTION 'no such tenant' USING ERRCODE = 'KB001';
  ELSIF place <> 'here' AND session_user = 'kasbah_tenant_data' THEN
    PERFORM core.enter_moving(tenant);
  END IF;
  PERFORM set_config('kasbah.tenant', tenant::text, true),
          set_config('kasbah.customer_scope', customer, true);
END $$;

-- Changes where records are, alone: whoever worked on them is done, and who comes sees the change.
-- Waits for that only briefly, since others wait behind it; 55P03 then. False where they are not in
-- one of `expected`, where another worker has taken over, or where the hold that was to end with
-- 'elsewhere' ended by itself.
CREATE FUNCTION core.place_records(tenant uuid, worker uuid, expected text[], place text,
                                   hold_ms bigint)
RETURNS boolean
LANGUAGE plpgsql SET search_path = '' SET lock_timeout = '200ms' AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(core.records_lock(tenant));
  UPDATE core.tenants t SET records = place,
    held_until = clock_timestamp() + pg_catalog.make_interval(secs => hold_ms / 1000.0)
  WHERE t.tenant_id = tenant AND t.mover = worker AND t.records = ANY (expected)
    AND NOT (place = 'elsewhere' AND t.records = 'held' AND t.held_until <= clock_timestamp());
  RETURN FOUND;
END $$;

REVOKE EXECUTE ON FUNCTION core.records_lock(uuid), core.enter_moving(uuid),
  core.place_records(uuid, uuid, text[], text, bigint) FROM PUBLIC;
