-- A customer's records in the order of lists, whatever else their collection holds.
CREATE INDEX records_of_customer ON tenant_data.records
  (tenant_id, collection_id, customer_id, record_id)
  WHERE customer_id IS NOT NULL AND deleted_at IS NULL;
