-- Indexes of two fields: records that have one value of a field, in the order of another. Their rows
-- stand beside those of the fields. In `field_id` they have what stands for both fields and the
-- value, and in `pair_id` what stands for both fields, by which they are forgotten.
ALTER TABLE tenant_data.fields
  ADD COLUMN indexed_orders text[] COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE tenant_data.record_index ADD COLUMN pair_id uuid;
