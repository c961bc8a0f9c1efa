-- Which values of records name a file, so that none is deleted from under them.

-- A record's rows have its own customer, so whoever may change the record keeps them. A file of a
-- customer is named by that customer's records alone, so whoever may delete it sees all of them.
-- What was written before this table is noted with its record's next change.
CREATE TABLE tenant_data.file_references (
  tenant_id   uuid NOT NULL,
  file_id     uuid NOT NULL,
  record_id   uuid NOT NULL,
  field_id    uuid NOT NULL,
  customer_id uuid,
  PRIMARY KEY (tenant_id, file_id, record_id, field_id)
);
CREATE INDEX file_references_of_record ON tenant_data.file_references (tenant_id, record_id, field_id);
CALL core.protect('tenant_data.file_references');
GRANT SELECT, INSERT, DELETE ON tenant_data.file_references TO kasbah_tenant_data;
CALL tenant_data.make_movable('tenant_data.file_references');

-- Lines of an import that went in without members of their JSON values are kept beside those that
-- were refused, to be said again.
ALTER TABLE tenant_data.import_refusals ADD COLUMN is_stripped boolean NOT NULL DEFAULT false;
-- Of the definition that the last batch was written under.
ALTER TABLE tenant_data.imports ADD COLUMN schema_version bigint NOT NULL DEFAULT 0;
