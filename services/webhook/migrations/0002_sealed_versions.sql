-- Which version of the key sealed an endpoint's secret (its ciphertext names it at offset 19); 0 for
-- bytes of another form.
ALTER TABLE webhook.endpoints ADD COLUMN sealed_key_version bigint GENERATED ALWAYS AS (
  CASE
    WHEN sealed_secret IS NULL THEN NULL
    WHEN length(sealed_secret) < 23 OR get_byte(sealed_secret, 0) <> 1 THEN 0
    ELSE get_byte(sealed_secret, 19)::bigint * 16777216 + get_byte(sealed_secret, 20) * 65536
       + get_byte(sealed_secret, 21) * 256 + get_byte(sealed_secret, 22)
  END) STORED;
