-- Schema @schema@: tenants' @plural@.
-- Runs as kasbah_migrator after SET ROLE kasbah_owner.

CREATE SCHEMA @schema@;
GRANT USAGE ON SCHEMA @schema@ TO kasbah_@schema@, kasbah_@schema@_relay;
CALL core.admit('kasbah_@schema@');
CALL core.create_outbox('@schema@', 'kasbah_@schema@', 'kasbah_@schema@_relay');
-- An erasure asks what still waits in it.
GRANT SELECT (tenant_id, id) ON @schema@.outbox TO kasbah_@schema@;

CREATE TABLE @schema@.@plural@ (
  tenant_id  uuid NOT NULL,
  @resource@_id uuid NOT NULL,
  title      text NOT NULL CHECK (octet_length(title) BETWEEN 1 AND 200),
  created_by text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, @resource@_id)
);
CREATE INDEX @plural@_of_maker ON @schema@.@plural@ (tenant_id, created_by);
CALL core.protect('@schema@.@plural@');
GRANT SELECT, INSERT, UPDATE, DELETE ON @schema@.@plural@ TO kasbah_@schema@;
COMMENT ON COLUMN @schema@.@plural@.created_by IS 'personal: who made it';
