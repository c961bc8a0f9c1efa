-- Which version of the key sealed what, so that the vault can ask what a version still has to open.

-- The oldest key version among packed ciphertexts (domain/sealed_values.h: field 16 bytes, length 4,
-- ciphertext with its key version at offset 19); 0 for bytes of another form, null for none.
CREATE FUNCTION tenant_data.oldest_key_version(packed bytea) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = '' AS $$
DECLARE
  at     integer := 0;
  size   integer;
  sealed_with bigint;
  oldest bigint;
BEGIN
  WHILE at < length(packed) LOOP
    IF at + 43 > length(packed) OR get_byte(packed, at + 20) <> 1 THEN
      RETURN 0;
    END IF;
    size := get_byte(packed, at + 16) * 16777216 + get_byte(packed, at + 17) * 65536
          + get_byte(packed, at + 18) * 256 + get_byte(packed, at + 19);
    sealed_with := get_byte(packed, at + 39)::bigint * 16777216 + get_byte(packed, at + 40) * 65536
                 + get_byte(packed, at + 41) * 256 + get_byte(packed, at + 42);
    oldest := least(oldest, sealed_with);
    at := at + 20 + size;
  END LOOP;
  RETURN oldest;
END $$;
REVOKE ALL ON FUNCTION tenant_data.oldest_key_version(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_data.oldest_key_version(bytea) TO kasbah_tenant_data;

ALTER TABLE tenant_data.records ADD COLUMN sealed_key_version bigint
  GENERATED ALWAYS AS (tenant_data.oldest_key_version(sealed)) STORED;
CREATE INDEX records_by_key_version ON tenant_data.records (tenant_id, sealed_key_version, record_id)
  WHERE sealed IS NOT NULL;

ALTER TABLE tenant_data.record_history ADD COLUMN sealed_key_version bigint
  GENERATED ALWAYS AS (tenant_data.oldest_key_version(sealed)) STORED;
CREATE INDEX history_by_key_version
  ON tenant_data.record_history (tenant_id, sealed_key_version, record_id, version)
  WHERE sealed IS NOT NULL;
-- The past does not change; what it is sealed with does.
GRANT UPDATE (sealed) ON tenant_data.record_history TO kasbah_tenant_data;
