-- Builds of indexes take turns: what came on, or could not, stands behind the others. Infinity: the
-- collection is deleted, and its builds wait until it comes back.
ALTER TABLE tenant_data.field_indexes ADD COLUMN due_at timestamptz NOT NULL DEFAULT '-infinity';
DROP INDEX tenant_data.field_indexes_building;
CREATE INDEX field_indexes_building ON tenant_data.field_indexes (due_at) WHERE state = 'building';

-- To see whose turn it is, and pass over tenants that nothing is done for.
GRANT SELECT (due_at) ON tenant_data.field_indexes TO kasbah_tenant_data_upkeep;
GRANT SELECT (state) ON core.tenants TO kasbah_tenant_data_upkeep;
