-- A list may ask a hash of some thousand records. Whether the planner makes one goes by work_mem,
-- and what it does instead reads all of them for each entry that it meets: so that no server's
-- setting decides it, here is what 50,000 need.
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
  SET LOCAL work_mem = '4MB';
END $$;
