-- A door may be narrower than a table: a verb can name columns, 'SELECT (tenant_id, due_at)'.
CREATE OR REPLACE PROCEDURE core.open_door(target regclass, door regrole, VARIADIC verbs text[])
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  grant_text text;
  verb text;
BEGIN
  EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE pg_catalog.format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  FOREACH grant_text IN ARRAY verbs LOOP
    verb := pg_catalog.split_part(grant_text, ' ', 1);
    EXECUTE pg_catalog.format('GRANT %s ON %s TO %s', grant_text, target, door);
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
