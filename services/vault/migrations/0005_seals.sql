-- A root key is wrapped by every seal that is configured, so that one lost seal is not the end, and a
-- seal is replaced by adding another first.
CREATE TABLE vault.root_key_wraps (
  version    bigint NOT NULL REFERENCES vault.root_keys (version),
  -- "file", "pkcs11", "aws_kms".
  seal       text COLLATE "C" NOT NULL,
  wrapped    bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (version, seal)
);
CALL core.open_door('vault.root_key_wraps', 'kasbah_vault_root', 'SELECT', 'INSERT', 'DELETE');
-- Rows without a tenant are the door's alone, the owner's too: row-level security is forced.
ALTER TABLE vault.root_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE vault.root_key_wraps NO FORCE ROW LEVEL SECURITY;
INSERT INTO vault.root_key_wraps (version, seal, wrapped, created_at)
  SELECT version, seal, wrapped, created_at FROM vault.root_keys;
ALTER TABLE vault.root_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE vault.root_key_wraps FORCE ROW LEVEL SECURITY;
ALTER TABLE vault.root_keys DROP COLUMN seal, DROP COLUMN wrapped;

-- What operators do with seals is told in the system tenant's trail, by the same door.
CALL core.admit('kasbah_vault_root');
GRANT INSERT ON vault.outbox TO kasbah_vault_root;
