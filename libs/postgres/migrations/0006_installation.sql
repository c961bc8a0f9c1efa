-- Whose database this is: a second installation that is pointed at it by mistake is refused, instead
-- of writing into the tenants, logs and keys of the first.

CREATE TABLE core.installation (
  only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- The name that no two installations share, which stands in certificates and in audit's log.
  trust_domain text COLLATE "C" NOT NULL CHECK (trust_domain <> ''),
  claimed_at   timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE core.installation ENABLE ROW LEVEL SECURITY;
ALTER TABLE core.installation FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_claims ON core.installation TO kasbah_owner USING (true) WITH CHECK (true);

-- Makes the database the installation's that `domain` is the trust domain of, if it is nobody's yet.
-- Returns whose it is.
CREATE FUNCTION core.claim(domain text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  INSERT INTO core.installation (trust_domain) VALUES (domain) ON CONFLICT DO NOTHING;
  -- A statement of its own: it sees what the insertion waited for.
  RETURN (SELECT i.trust_domain FROM core.installation i);
END $$;
REVOKE EXECUTE ON FUNCTION core.claim(text) FROM PUBLIC;

CREATE OR REPLACE PROCEDURE core.admit(service regrole)
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION core.enter(uuid, text), '
    'core.enter_any_state(uuid, text), core.require(boolean, text), core.claim(text) TO %s', service);
END $$;

-- Who was admitted before.
DO $$
DECLARE
  service regrole;
BEGIN
  FOR service IN
    SELECT a.grantee FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a
    WHERE p.oid = 'core.enter(uuid, text)'::regprocedure AND a.grantee <> p.proowner
  LOOP
    CALL core.admit(service);
  END LOOP;
END $$;
