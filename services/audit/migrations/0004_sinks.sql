-- Sinks: where a tenant's trail is sent as it grows.

CREATE TABLE audit.sink (
  tenant_id     uuid NOT NULL,
  sink_id       uuid NOT NULL,
  name          text COLLATE "C" NOT NULL,
  -- An EventFilter, and a Sink of which only the target is set, without its secret: Protobuf.
  filter        bytea NOT NULL,
  target        bytea NOT NULL,
  -- Sealed by the vault; null: the receiver asks for none.
  sealed_secret bytea,
  -- Which version of the key sealed it (its ciphertext names it at offset 19); 0 for bytes of
  -- another form.
  sealed_key_version bigint GENERATED ALWAYS AS (
    CASE
      WHEN sealed_secret IS NULL THEN NULL
      WHEN length(sealed_secret) < 23 OR get_byte(sealed_secret, 0) <> 1 THEN 0
      ELSE get_byte(sealed_secret, 19)::bigint * 16777216 + get_byte(sealed_secret, 20) * 65536
         + get_byte(sealed_secret, 21) * 256 + get_byte(sealed_secret, 22)
    END) STORED,
  revision      bigint NOT NULL DEFAULT 1,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, sink_id),
  UNIQUE (tenant_id, name)
);
CALL core.protect('audit.sink');
GRANT SELECT, INSERT, UPDATE, DELETE ON audit.sink TO kasbah_audit;

-- How far each has come. Written with every batch, so it stands apart and has room for updates in
-- place.
CREATE TABLE audit.sink_cursor (
  tenant_id       uuid NOT NULL,
  sink_id         uuid NOT NULL,
  -- Everything before it is acknowledged, was not asked for, or stands in audit.sink_refusal.
  next_seq        bigint NOT NULL CHECK (next_seq >= 0),
  -- The batch on its way, [next_seq, batch_past), kept before it is sent: whoever comes after a
  -- crash sends the same again under the same id.
  batch_past      bigint,
  batch_id        uuid,
  paused          boolean NOT NULL DEFAULT false,
  -- When it is looked at next; for one that is being worked on, when its lease ends.
  due_at          timestamptz NOT NULL,
  lease_id        uuid,
  -- In a row, since the last success.
  failures        bigint NOT NULL DEFAULT 0,
  refusals        bigint NOT NULL DEFAULT 0,
  delivered       bigint NOT NULL DEFAULT 0,
  refused         bigint NOT NULL DEFAULT 0,
  made_at         timestamptz NOT NULL,
  last_success_at timestamptz,
  last_error      text COLLATE "C" NOT NULL DEFAULT '',
  last_error_at   timestamptz,
  PRIMARY KEY (tenant_id, sink_id),
  FOREIGN KEY (tenant_id, sink_id) REFERENCES audit.sink (tenant_id, sink_id),
  CHECK ((batch_past IS NULL) = (batch_id IS NULL)),
  CHECK (batch_past > next_seq)
) WITH (fillfactor = 50);
CREATE INDEX sink_cursor_due ON audit.sink_cursor (due_at) WHERE NOT paused;
CALL core.protect('audit.sink_cursor');
GRANT SELECT, INSERT, UPDATE, DELETE ON audit.sink_cursor TO kasbah_audit;
-- Which sinks are due, of all tenants, and the lease on them; neither where they send nor what.
CALL core.open_door('audit.sink_cursor', 'kasbah_audit_ingest', 'SELECT', 'UPDATE');

-- Events that a receiver refused for good.
CREATE TABLE audit.sink_refusal (
  tenant_id  uuid NOT NULL,
  sink_id    uuid NOT NULL,
  seq        bigint NOT NULL,
  reason     text COLLATE "C" NOT NULL,
  refused_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, sink_id, seq),
  FOREIGN KEY (tenant_id, sink_id) REFERENCES audit.sink (tenant_id, sink_id)
);
CALL core.protect('audit.sink_refusal');
GRANT SELECT, INSERT, DELETE ON audit.sink_refusal TO kasbah_audit;
