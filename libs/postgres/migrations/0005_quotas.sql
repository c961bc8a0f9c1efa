-- How much of what each service counts a tenant may have (libs/usage).

-- Rolls back unless `holds`: the tenant has no room for more of `meter`.  KB007
CREATE FUNCTION core.require_room(holds boolean, meter text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF holds IS NOT TRUE THEN
    RAISE EXCEPTION '%', meter USING ERRCODE = 'KB007';
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION core.require_room(boolean, text) FROM PUBLIC;

-- Gives a schema its tenants' limits.
CREATE PROCEDURE core.create_quotas(schema_name name, service regrole)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  quotas text := pg_catalog.format('%I.quotas', schema_name);
BEGIN
  EXECUTE pg_catalog.format($ddl$
    CREATE TABLE %s (
      tenant_id   uuid NOT NULL,
      meter       text COLLATE "C" NOT NULL,
      most        bigint NOT NULL CHECK (most >= 0),
      -- Of what is limited by the month: how much of it came in which one (its first midnight, UTC).
      used        bigint NOT NULL DEFAULT 0,
      month_start timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, meter)
    ) WITH (fillfactor = 70)$ddl$, quotas);
  CALL core.protect(quotas::regclass);
  EXECUTE pg_catalog.format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s', quotas, service);
  EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION core.require_room(boolean, text) TO %s',
                            service);
END $$;

-- For what a tenant holds: what is left of its limit, in 16 rows. A transaction takes what it
-- makes from a row that nobody has, its connection's own if it can, so that it waits for no other's
-- commit; where no such row has enough, it gathers what all have and deals it out anew. So the
-- limit is exact, and only close to it do writers wait for each other.
CREATE PROCEDURE core.create_quota_slots(schema_name name, service regrole)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  slots text := pg_catalog.format('%I.quota_slots', schema_name);
BEGIN
  EXECUTE pg_catalog.format($ddl$
    CREATE TABLE %s (
      tenant_id uuid NOT NULL,
      meter     text COLLATE "C" NOT NULL,
      slot      bigint NOT NULL CHECK (slot BETWEEN 0 AND 15),
      remaining bigint NOT NULL,
      PRIMARY KEY (tenant_id, meter, slot)
    ) WITH (fillfactor = 50)$ddl$, slots);
  CALL core.protect(slots::regclass);
  EXECUTE pg_catalog.format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s', slots, service);

  -- Takes `many`, where the tenant is limited at all; once in a transaction.
  EXECUTE pg_catalog.format($ddl$
    CREATE FUNCTION %1$I.take_room(tenant uuid, what text, many bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = '' AS $fn$
    DECLARE
      mine bigint := pg_catalog.pg_backend_pid() %% 16;
      taken bigint;
      total bigint;
    BEGIN
      IF NOT EXISTS (SELECT FROM %3$s q WHERE q.tenant_id = tenant AND q.meter = what) THEN
        RETURN;
      END IF;
      -- A row that changed meanwhile and has not enough any more would stay locked, out of order:
      -- what is undone gives it back.
      BEGIN
        SELECT s.slot INTO taken FROM %2$s s
        WHERE s.tenant_id = tenant AND s.meter = what AND s.slot = mine AND s.remaining >= many
        FOR UPDATE SKIP LOCKED;
        IF taken IS NULL THEN
          SELECT s.slot INTO taken FROM %2$s s
          WHERE s.tenant_id = tenant AND s.meter = what AND s.remaining >= many
          LIMIT 1 FOR UPDATE SKIP LOCKED;
        END IF;
        IF taken IS NULL THEN
          RAISE EXCEPTION USING ERRCODE = 'KB008';
        END IF;
        UPDATE %2$s s SET remaining = s.remaining - many
        WHERE s.tenant_id = tenant AND s.meter = what AND s.slot = taken;
        RETURN;
      EXCEPTION WHEN SQLSTATE 'KB008' THEN
        NULL;
      END;
      -- Whoever is at its limit is told so without locking anybody out.
      SELECT pg_catalog.sum(s.remaining) INTO total FROM %2$s s
      WHERE s.tenant_id = tenant AND s.meter = what;
      PERFORM core.require_room(total >= many, what);
      PERFORM s.slot FROM %2$s s WHERE s.tenant_id = tenant AND s.meter = what
      ORDER BY s.slot FOR UPDATE;
      SELECT pg_catalog.sum(s.remaining) INTO total FROM %2$s s
      WHERE s.tenant_id = tenant AND s.meter = what;
      PERFORM core.require_room(total >= many, what);
      PERFORM %1$I.deal_room(tenant, what, total - many);
    END $fn$ $ddl$, schema_name, slots, pg_catalog.format('%I.quotas', schema_name));

  -- Gives back what went.
  EXECUTE pg_catalog.format($ddl$
    CREATE FUNCTION %1$I.give_room(tenant uuid, what text, many bigint) RETURNS void
    LANGUAGE sql SET search_path = ''
    BEGIN ATOMIC
      UPDATE %2$s s SET remaining = s.remaining + many
      WHERE s.tenant_id = tenant AND s.meter = what AND many <> 0
        AND s.slot = pg_catalog.pg_backend_pid() %% 16;
    END$ddl$, schema_name, slots);

  -- All rows anew, whoever calls holding their locks: `total` may be below zero.
  EXECUTE pg_catalog.format($ddl$
    CREATE FUNCTION %1$I.deal_room(tenant uuid, what text, total bigint) RETURNS void
    LANGUAGE sql SET search_path = ''
    BEGIN ATOMIC
      UPDATE %2$s s SET remaining = total / 16
        + CASE WHEN s.slot = pg_catalog.pg_backend_pid() %% 16 THEN total - 16 * (total / 16)
          ELSE 0 END
      WHERE s.tenant_id = tenant AND s.meter = what;
    END$ddl$, schema_name, slots);

  EXECUTE pg_catalog.format(
    'REVOKE EXECUTE ON FUNCTION %1$I.take_room(uuid, text, bigint), '
    '%1$I.give_room(uuid, text, bigint), %1$I.deal_room(uuid, text, bigint) FROM PUBLIC',
    schema_name);
  EXECUTE pg_catalog.format(
    'GRANT EXECUTE ON FUNCTION %1$I.take_room(uuid, text, bigint), '
    '%1$I.give_room(uuid, text, bigint), %1$I.deal_room(uuid, text, bigint) TO %2$s',
    schema_name, service);
END $$;

REVOKE EXECUTE ON PROCEDURE core.create_quotas(name, regrole),
  core.create_quota_slots(name, regrole) FROM PUBLIC;
