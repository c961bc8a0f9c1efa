-- A record's values are looked up by hundreds for one page of a list. A field is of one tenant
-- alone, so its index need not start with the tenant: a step down the tree compares one column less,
-- and the tree is a level lower. It takes the other one's place in the next file: building it holds
-- up writers, and nobody is to wait for that to read.
CREATE INDEX record_index_by_record ON tenant_data.record_index
  (field_id, record_id, tenant_id) INCLUDE (customer_id, v_text, v_int, v_ts, v_blind)
  WHERE field_id <> '00000000-0000-0000-0000-000000000000';
