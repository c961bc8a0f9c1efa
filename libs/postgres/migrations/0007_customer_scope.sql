-- A transaction has one customer as it has one tenant: what was entered for a customer cannot be
-- entered again for all of them. And a suspended customer's calls end here, in every service, so
-- that no statement of any of them can forget to ask.

-- Raises where the customer's calls are refused. Core knows no customers: the schema that keeps them
-- puts its own function in the place of this one.
CREATE FUNCTION core.admit_customer(tenant uuid, customer uuid) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
END $$;
REVOKE EXECUTE ON FUNCTION core.admit_customer(uuid, uuid) FROM PUBLIC;

-- For both ways in, where a scope has been entered.   KB003
CREATE FUNCTION core.refuse_second_scope(tenant uuid, customer text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF current_setting('kasbah.tenant', true) <> tenant::text THEN
    RAISE EXCEPTION 'a transaction has one tenant' USING ERRCODE = 'KB003';
  ELSIF current_setting('kasbah.customer_scope', true) <> customer THEN
    RAISE EXCEPTION 'a transaction has one customer' USING ERRCODE = 'KB003';
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION core.refuse_second_scope(uuid, text) FROM PUBLIC;

-- As before. Where records are comes first: a copy that was left behind knows nothing of the state.
CREATE OR REPLACE FUNCTION core.enter(tenant uuid, customer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  tenant_state text;
  place text;
BEGIN
  IF current_setting('kasbah.tenant', true) <> '' THEN
    PERFORM core.refuse_second_scope(tenant, customer);
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
  IF customer <> 'all' THEN
    PERFORM core.admit_customer(tenant, customer::uuid);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION core.enter_any_state(tenant uuid, customer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  place text;
BEGIN
  IF current_setting('kasbah.tenant', true) <> '' THEN
    PERFORM core.refuse_second_scope(tenant, customer);
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
