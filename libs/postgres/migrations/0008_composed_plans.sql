-- Until the end of the transaction: what is prepared is planned once, for all values, and goes by
-- the indexes in the order that is written. Tables are not read from end to end because they were
-- small when the plan was made, and no join reads more than it is asked for. Anybody may set these
-- for themselves; set_config, which would let them into a tenant, is not theirs.
CREATE FUNCTION core.plan_composed() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  SET LOCAL plan_cache_mode = force_generic_plan;
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off;
  SET LOCAL jit = off;
END $$;
GRANT EXECUTE ON FUNCTION core.plan_composed() TO PUBLIC;
