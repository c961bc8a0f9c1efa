-- Where a statement looks into a table some hundred times, a policy that asks for the scope at each
-- look costs as much as the look (measured). This one asks the same once a statement: as sub-selects
-- that depend on no row, which PostgreSQL evaluates at their first use. A statement that looks once
-- pays for them instead, so they are not for every table.
--
-- For tables with a customer_id that core.protect has been called for.
CREATE PROCEDURE core.ask_scope_once(target regclass)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  condition CONSTANT text :=
    'tenant_id = (SELECT nullif(current_setting(''kasbah.tenant'', true), '''')::uuid)'
    ' AND CASE (SELECT current_setting(''kasbah.customer_scope'', true))'
    ' WHEN ''all'' THEN true WHEN '''' THEN false'
    ' ELSE customer_id::text = (SELECT current_setting(''kasbah.customer_scope'', true)) END';
BEGIN
  EXECUTE pg_catalog.format('ALTER POLICY tenant_rows ON %s USING (%s) WITH CHECK (%s)',
                            target, condition, condition);
END $$;
REVOKE EXECUTE ON PROCEDURE core.ask_scope_once(regclass) FROM PUBLIC;

-- Look-ups by record never repeat a record: a cache of them is work for nothing.
CREATE OR REPLACE FUNCTION core.plan_composed() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  SET LOCAL plan_cache_mode = force_generic_plan;
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off;
  SET LOCAL enable_memoize = off;
  SET LOCAL jit = off;
END $$;
