-- Both sides of a move are compared before writers are held up, in pages: how far that is, as the
-- copy has it, how many rows were compared, and whether all of them were.
ALTER TABLE tenant_data.moves
  ADD COLUMN compared_table text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN compared_key   text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN compared       bigint NOT NULL DEFAULT 0,
  ADD COLUMN is_compared    boolean NOT NULL DEFAULT false;

-- A row's contents as two hashes, the same wherever the row is.
CREATE FUNCTION tenant_data.digest_of_row(content anyelement) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = '' SET timezone = 'UTC' SET datestyle = 'ISO'
SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
BEGIN
  RETURN concat_ws(':', hashtextextended(content::text, 1), hashtextextended(content::text, 2));
END $$;
REVOKE EXECUTE ON FUNCTION tenant_data.digest_of_row(anyelement) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_data.digest_of_row(anyelement) TO kasbah_tenant_data_mover;
