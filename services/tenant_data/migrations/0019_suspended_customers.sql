-- Calls for a suspended customer are refused where any service enters its scope. A database that has
-- none of the tenant's records, for they have one of their own, has none of its customers either:
-- who works on the records is refused one that is not there, the others cannot know.   KB004
CREATE OR REPLACE FUNCTION core.admit_customer(tenant uuid, customer uuid) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  customer_state text;
BEGIN
  SELECT c.state INTO customer_state FROM tenant_data.customers c
  WHERE c.tenant_id = tenant AND c.customer_id = customer;
  IF customer_state = 'suspended' THEN
    RAISE EXCEPTION 'CUSTOMER_SUSPENDED' USING ERRCODE = 'KB004';
  ELSIF customer_state IS NULL AND session_user = 'kasbah_tenant_data' THEN
    RAISE EXCEPTION 'NOT_FOUND' USING ERRCODE = 'KB004';
  END IF;
END $$;
