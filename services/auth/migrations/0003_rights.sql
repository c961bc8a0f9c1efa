-- A closed tenant's rows can be erased.

GRANT DELETE ON auth.api_keys TO kasbah_auth;
GRANT SELECT (tenant_id, id) ON auth.outbox TO kasbah_auth;

-- Who was a member of a tenant that is being erased. Their address is behind a door and goes after the
-- membership that refers to it: in between, this is what knows of them.
CREATE TABLE auth.departures (
  tenant_id uuid NOT NULL,
  user_id   uuid NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
CALL core.protect('auth.departures');
GRANT SELECT, INSERT, DELETE ON auth.departures TO kasbah_auth;
