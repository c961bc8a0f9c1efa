-- Sealing again, under a key's newest version, all that older ones sealed: how far it got.
CREATE TABLE vault.rewraps (
  tenant_id      uuid NOT NULL,
  rewrap_id      uuid NOT NULL,
  key_id         uuid NOT NULL,
  target_version bigint NOT NULL,
  state          text COLLATE "C" NOT NULL DEFAULT 'running'
                 CHECK (state IN ('running', 'paused', 'cancelled', 'done')),
  -- Where the next page begins, as whoever keeps the ciphertexts says.
  cursor         text COLLATE "C" NOT NULL DEFAULT '',
  -- What stood in older versions' ciphertexts when it was started.
  total          bigint NOT NULL,
  seen           bigint NOT NULL DEFAULT 0,
  rewrapped      bigint NOT NULL DEFAULT 0,
  failed         bigint NOT NULL DEFAULT 0,
  -- Reason of what holds it up; empty when nothing does.
  waiting_for    text COLLATE "C" NOT NULL DEFAULT '',
  -- Until then one replica works on it; who dies leaves it to others.
  lease_until    timestamptz NOT NULL DEFAULT now(),
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  finished_at    timestamptz,
  PRIMARY KEY (tenant_id, rewrap_id),
  FOREIGN KEY (tenant_id, key_id) REFERENCES vault.keys (tenant_id, key_id),
  CHECK ((finished_at IS NOT NULL) = (state IN ('cancelled', 'done')))
);
CALL core.protect('vault.rewraps');
-- One at a time of a key.
CREATE UNIQUE INDEX rewraps_unfinished ON vault.rewraps (tenant_id, key_id) WHERE finished_at IS NULL;
GRANT SELECT, INSERT,
  UPDATE (state, cursor, seen, rewrapped, failed, waiting_for, lease_until, updated_at, finished_at)
  ON vault.rewraps TO kasbah_vault;
CREATE INDEX rewraps_due ON vault.rewraps (lease_until, tenant_id) WHERE state = 'running';
CALL core.open_door('vault.rewraps', 'kasbah_vault_upkeep',
  'SELECT (tenant_id, rewrap_id, state, lease_until)');
