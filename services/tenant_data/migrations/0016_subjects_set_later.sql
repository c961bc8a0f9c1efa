-- Whose data a record or a file is can be said later than what was sealed of it: imports name it, and
-- a file is its record's subject's.

-- The version that said whose data a record is. What earlier versions sealed is in nobody's share.
ALTER TABLE tenant_data.records ADD COLUMN subject_from bigint NOT NULL DEFAULT 1;

-- A person's records in pages.
CREATE INDEX records_by_subject ON tenant_data.records (tenant_id, subject, record_id)
  WHERE subject IS NOT NULL;
DROP INDEX tenant_data.records_of_subject;
CREATE INDEX files_by_subject ON tenant_data.files (tenant_id, subject, file_id)
  WHERE subject <> '';
DROP INDEX tenant_data.files_of_subject;

-- Whether a file's key is sealed in its subject's share; not where it was uploaded as nobody's.
ALTER TABLE tenant_data.files ADD COLUMN in_share boolean NOT NULL DEFAULT true;

-- What was uploaded to a record of somebody is theirs. The owner sees all tenants' rows for this.
ALTER TABLE tenant_data.files NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant_data.records NO FORCE ROW LEVEL SECURITY;
UPDATE tenant_data.files f SET subject = r.subject, in_share = false
  FROM tenant_data.records r
  WHERE r.tenant_id = f.tenant_id AND r.record_id = f.record_id AND r.subject IS NOT NULL
    AND f.subject = '' AND f.state IN ('pending', 'stored');
ALTER TABLE tenant_data.files FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant_data.records FORCE ROW LEVEL SECURITY;

-- Which name of a line says whose data it is; an import that is begun again says the same.
ALTER TABLE tenant_data.imports ADD COLUMN subject_member text COLLATE "C" NOT NULL DEFAULT '';
