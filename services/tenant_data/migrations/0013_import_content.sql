-- What an import has done with is known by its bytes, not by its length alone: SHA-256 of the file as
-- far as it came. Null of imports that were begun before.
ALTER TABLE tenant_data.imports ADD COLUMN content bytea CHECK (length(content) = 32);
