-- A field's values in the order of records: a list by age whose filter asks for something that is
-- not rare passes over the others' entries, and a condition on a record is looked up, without
-- reading rows.
--
-- Its condition holds of every row. An index that has one serves the statements that say it too and
-- no others: so none that asks for a value is ever planned by this index, whatever the tables held
-- when that was.
CREATE INDEX record_index_of_field ON tenant_data.record_index
  (tenant_id, field_id, record_id) INCLUDE (customer_id, v_text, v_int, v_ts, v_blind)
  WHERE field_id <> '00000000-0000-0000-0000-000000000000';
