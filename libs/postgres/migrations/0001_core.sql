-- Schema core: the tenants, the way into their rows, and what every migration uses.
-- Runs as kasbah_migrator after SET ROLE kasbah_owner, like every migration.

CREATE TABLE core.tenants (
  tenant_id    uuid PRIMARY KEY,
  slug         text COLLATE "C" NOT NULL UNIQUE,
  display_name text NOT NULL,
  state        text COLLATE "C" NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  suspended_at timestamptz,
  state_version bigint NOT NULL DEFAULT 1
);

ALTER TABLE core.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE core.tenants FORCE ROW LEVEL SECURITY;

-- core.enter reads as the owner, whom FORCE would otherwise blind.
CREATE POLICY owner_enters ON core.tenants FOR SELECT TO kasbah_owner USING (true);
CREATE POLICY owner_seeds ON core.tenants FOR INSERT TO kasbah_owner WITH CHECK (true);

INSERT INTO core.tenants (tenant_id, slug, display_name)
VALUES ('00000000-0000-7000-8000-000000000000', '-system', 'The installation itself');

-- Sets the transaction's tenant and customer; 'all' for every customer of the tenant. A second
-- tenant in one transaction, a tenant that does not exist and one that is not active are refused.
--   KB001 no such tenant   KB002 suspended   KB003 second tenant
CREATE FUNCTION core.enter(tenant uuid, customer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  current_tenant text := current_setting('kasbah.tenant', true);
  tenant_state text;
BEGIN
  IF current_tenant <> '' AND current_tenant <> tenant::text THEN
    RAISE EXCEPTION 'a transaction has one tenant' USING ERRCODE = 'KB003';
  END IF;
  SELECT t.state INTO tenant_state FROM core.tenants t WHERE t.tenant_id = tenant;
  IF tenant_state IS NULL THEN
    RAISE EXCEPTION 'no such tenant' USING ERRCODE = 'KB001';
  ELSIF tenant_state <> 'active' THEN
    RAISE EXCEPTION 'the tenant is suspended' USING ERRCODE = 'KB002';
  END IF;
  PERFORM set_config('kasbah.tenant', tenant::text, true),
          set_config('kasbah.customer_scope', customer, true);
END $$;

-- The same whatever the tenant's state: lifecycle, denial events and erasure.
CREATE FUNCTION core.enter_any_state(tenant uuid, customer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  current_tenant text := current_setting('kasbah.tenant', true);
BEGIN
  IF current_tenant <> '' AND current_tenant <> tenant::text THEN
    RAISE EXCEPTION 'a transaction has one tenant' USING ERRCODE = 'KB003';
  END IF;
  IF NOT EXISTS (SELECT FROM core.tenants t WHERE t.tenant_id = tenant) THEN
    RAISE EXCEPTION 'no such tenant' USING ERRCODE = 'KB001';
  END IF;
  PERFORM set_config('kasbah.tenant', tenant::text, true),
          set_config('kasbah.customer_scope', customer, true);
END $$;

-- Rolls back unless `holds`. The reason becomes the caller's error: NOT_FOUND, ETAG_MISMATCH,
-- ALREADY_EXISTS, or any other UPPER_SNAKE (FAILED_PRECONDITION).  KB004
CREATE FUNCTION core.require(holds boolean, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF holds IS NOT TRUE THEN
    RAISE EXCEPTION '%', reason USING ERRCODE = 'KB004';
  END IF;
END $$;

-- Makes a tenant table: row-level security enabled and forced, one policy for the tenant of the
-- transaction and, where the table has a customer_id column, its customer scope. Every table that
-- holds tenant rows goes through here.
CREATE PROCEDURE core.protect(target regclass)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  condition text := 'tenant_id = nullif(current_setting(''kasbah.tenant'', true), '''')::uuid';
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_attribute
             WHERE attrelid = target AND attname = 'customer_id' AND NOT attisdropped) THEN
    condition := condition ||
      ' AND CASE current_setting(''kasbah.customer_scope'', true)'
      ' WHEN ''all'' THEN true WHEN '''' THEN false'
      ' ELSE customer_id::text = current_setting(''kasbah.customer_scope'', true) END';
  ELSE
    -- A tenant-wide table is out of a customer's sight only where a store says so; it still needs a
    -- scope to have been entered.
    condition := condition ||
      ' AND nullif(current_setting(''kasbah.customer_scope'', true), '''') IS NOT NULL';
  END IF;
  EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE pg_catalog.format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE pg_catalog.format('CREATE POLICY tenant_rows ON %s USING (%s) WITH CHECK (%s)',
                            target, condition, condition);
END $$;

-- Lets a door's role at every row of one table, with the listed verbs and no others: one policy a
-- verb, so that the catalog test can compare policies and grants.
CREATE PROCEDURE core.open_door(target regclass, door regrole, VARIADIC verbs text[])
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  verb text;
BEGIN
  EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE pg_catalog.format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  FOREACH verb IN ARRAY verbs LOOP
    EXECUTE pg_catalog.format('GRANT %s ON %s TO %s', verb, target, door);
    EXECUTE pg_catalog.format(
      'CREATE POLICY %I ON %s FOR %s TO %s %s',
      pg_catalog.lower('door_' || door::text || '_' || verb), target, verb, door,
      CASE pg_catalog.upper(verb)
        WHEN 'INSERT' THEN 'WITH CHECK (true)'
        WHEN 'UPDATE' THEN 'USING (true) WITH CHECK (true)'
        ELSE 'USING (true)'
      END);
  END LOOP;
END $$;

-- Gives a schema its outbox: `service` appends within the tenant's scope, `relay` carries out. A row is
-- written once and deleted once; which rows an unacknowledged batch holds is the relay row's to know.
CREATE PROCEDURE core.create_outbox(schema_name name, service regrole, relay regrole)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  outbox text := pg_catalog.format('%I.outbox', schema_name);
  state text := pg_catalog.format('%I.outbox_relay', schema_name);
BEGIN
  EXECUTE pg_catalog.format($ddl$
    CREATE TABLE %s (
      id         bigint GENERATED ALWAYS AS IDENTITY,
      tenant_id  uuid NOT NULL,
      topic      text COLLATE "C" NOT NULL CHECK (topic IN ('audit', 'change')),
      payload    bytea NOT NULL CHECK (length(payload) <= 1048576),
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, id)
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)$ddl$, outbox);
  EXECUTE pg_catalog.format('CREATE INDEX outbox_queue ON %s (topic, id)', outbox);
  -- What one relay at a time holds, the installation's and no tenant's: `ids` is batch number `batch`,
  -- empty once it is acknowledged.
  EXECUTE pg_catalog.format($ddl$
    CREATE TABLE %s (
      topic       text COLLATE "C" PRIMARY KEY,
      epoch       uuid NOT NULL DEFAULT gen_random_uuid(),
      batch       bigint NOT NULL DEFAULT 0,
      ids         bigint[] NOT NULL DEFAULT '{}',
      holder      uuid,
      lease_until timestamptz NOT NULL DEFAULT '-infinity'
    )$ddl$, state);
  EXECUTE pg_catalog.format('INSERT INTO %s (topic) VALUES (''audit''), (''change'')', state);
  CALL core.protect(outbox::regclass);
  EXECUTE pg_catalog.format('GRANT INSERT ON %s TO %s', outbox, service);
  CALL core.open_door(outbox::regclass, relay, 'SELECT', 'DELETE');
  CALL core.open_door(state::regclass, relay, 'SELECT', 'UPDATE');
END $$;

GRANT USAGE ON SCHEMA core TO PUBLIC;

-- Each service's first migration grants itself core.enter, core.enter_any_state and core.require.
CREATE PROCEDURE core.admit(service regrole)
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION core.enter(uuid, text), '
    'core.enter_any_state(uuid, text), core.require(boolean, text) TO %s', service);
END $$;

REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA core FROM PUBLIC;
