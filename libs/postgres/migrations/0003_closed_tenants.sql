-- A tenant can be closed: refused for good, by every service, with an SQLSTATE of its own. Its rows
-- stay until they are erased, and its slug is never given to anybody else.

ALTER TABLE core.tenants
  DROP CONSTRAINT tenants_state_check,
  ADD COLUMN closed_at timestamptz,
  ADD CONSTRAINT tenants_state_check CHECK (state IN ('active', 'suspended', 'closed'));
CREATE INDEX tenants_not_active ON core.tenants (tenant_id) WHERE state <> 'active';

-- As before, and   KB005 closed
CREATE OR REPLACE FUNCTION core.enter(tenant uuid, customer text) RETURNS void
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
  ELSIF tenant_state = 'closed' THEN
    RAISE EXCEPTION 'the tenant is closed' USING ERRCODE = 'KB005';
  ELSIF tenant_state <> 'active' THEN
    RAISE EXCEPTION 'the tenant is suspended' USING ERRCODE = 'KB002';
  END IF;
  PERFORM set_config('kasbah.tenant', tenant::text, true),
          set_config('kasbah.customer_scope', customer, true);
END $$;
