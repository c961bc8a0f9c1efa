-- Hundreds of a list's records have a value looked up for one page. This index starts with what
-- differs from one to the next, so that a step down the tree compares one column, and has the values
-- of a record beside one another, for a list that asks for more than one. Records are made in the
-- order of their ids: it grows at one end.
--
-- Its condition, like record_index_of_field's, holds of every row: it serves what says so too.
CREATE INDEX record_index_of_record ON tenant_data.record_index
  (record_id, field_id, tenant_id) INCLUDE (customer_id, v_text, v_int, v_ts, v_blind)
  WHERE record_id <> '00000000-0000-0000-0000-000000000000';
