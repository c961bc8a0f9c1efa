-- Schema webhook: who wants to be told, what happened, and what is still to be sent.
-- Runs as kasbah_migrator after SET ROLE kasbah_owner.

CREATE SCHEMA webhook;
GRANT USAGE ON SCHEMA webhook TO kasbah_webhook, kasbah_webhook_relay, kasbah_webhook_queue;
CALL core.admit('kasbah_webhook');
CALL core.create_outbox('webhook', 'kasbah_webhook', 'kasbah_webhook_relay');

-- Nothing of a suspended tenant is sent: the claim looks here.
CALL core.open_door('core.tenants', 'kasbah_webhook_queue', 'SELECT');

CREATE TABLE webhook.endpoints (
  tenant_id     uuid NOT NULL,
  endpoint_id   uuid NOT NULL,
  url           text COLLATE "C" NOT NULL,
  description   text NOT NULL,
  -- "record.created", "record.*"; empty: all.
  event_types   text[] COLLATE "C" NOT NULL,
  state         text COLLATE "C" NOT NULL DEFAULT 'enabled'
                CHECK (state IN ('enabled', 'disabled', 'deleted')),
  -- Sealed by the vault; gone with the endpoint.
  sealed_secret bytea CHECK ((sealed_secret IS NULL) = (state = 'deleted')),
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, endpoint_id)
);
CALL core.protect('webhook.endpoints');
GRANT SELECT, INSERT, UPDATE ON webhook.endpoints TO kasbah_webhook;
CALL core.open_door('webhook.endpoints', 'kasbah_webhook_queue', 'SELECT');

-- One change as subscribers are told of it: the same bytes on every attempt. Kept only where
-- somebody subscribed.
CREATE TABLE webhook.messages (
  tenant_id   uuid NOT NULL,
  message_id  uuid NOT NULL,
  event_id    uuid NOT NULL,
  event_type  text COLLATE "C" NOT NULL,
  customer_id uuid,
  body        bytea NOT NULL,
  traceparent text COLLATE "C" NOT NULL,
  request_id  text COLLATE "C" NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, message_id),
  -- An event becomes one message however often it arrives.
  UNIQUE (tenant_id, event_id)
);
CREATE INDEX messages_of_customer ON webhook.messages (tenant_id, customer_id)
  WHERE customer_id IS NOT NULL;
CALL core.protect('webhook.messages');
GRANT SELECT, UPDATE ON webhook.messages TO kasbah_webhook;
CALL core.open_door('webhook.messages', 'kasbah_webhook_queue', 'SELECT', 'INSERT');
COMMENT ON COLUMN webhook.messages.body IS 'personal: what changed, as subscribers are told';

-- What became of a message at an endpoint; written when it is decided, not with each attempt.
CREATE TABLE webhook.deliveries (
  tenant_id   uuid NOT NULL,
  message_id  uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  state       text COLLATE "C" NOT NULL DEFAULT 'pending'
              CHECK (state IN ('pending', 'delivered', 'failed', 'dropped')),
  attempts    bigint NOT NULL DEFAULT 0,
  created_at  timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (tenant_id, message_id, endpoint_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES webhook.messages (tenant_id, message_id)
) WITH (fillfactor = 85);
CREATE INDEX deliveries_of_endpoint ON webhook.deliveries (tenant_id, endpoint_id, message_id);
CALL core.protect('webhook.deliveries');
GRANT SELECT, UPDATE ON webhook.deliveries TO kasbah_webhook;
CALL core.open_door('webhook.deliveries', 'kasbah_webhook_queue', 'SELECT', 'INSERT', 'UPDATE');

-- What is still to be sent, apart from the log so that it stays small: a row is inserted, claimed a
-- few times at the most, and deleted. A claim moves due_at to the end of its lease; who comes after
-- that claims again, with a claim_id of its own.
CREATE TABLE webhook.queue (
  tenant_id   uuid NOT NULL,
  message_id  uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  -- Retries have a lane of their own: a backlog of them does not hold up what is new.
  is_retry    boolean NOT NULL DEFAULT false,
  due_at      timestamptz NOT NULL,
  attempts    bigint NOT NULL DEFAULT 0,
  claim_id    uuid,
  PRIMARY KEY (tenant_id, message_id, endpoint_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_due ON webhook.queue (is_retry, due_at);
CREATE INDEX queue_of_endpoint ON webhook.queue (tenant_id, endpoint_id);
CALL core.protect('webhook.queue');
GRANT SELECT, DELETE ON webhook.queue TO kasbah_webhook;
CALL core.open_door('webhook.queue', 'kasbah_webhook_queue', 'SELECT', 'INSERT', 'UPDATE', 'DELETE');

CREATE TABLE webhook.attempts (
  tenant_id   uuid NOT NULL,
  attempt_id  uuid NOT NULL,
  message_id  uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  number      bigint NOT NULL,
  started_at  timestamptz NOT NULL,
  -- 0: no answer came.
  http_status bigint NOT NULL,
  -- UPPER_SNAKE; empty: delivered.
  error       text COLLATE "C" NOT NULL,
  duration_ms bigint NOT NULL,
  PRIMARY KEY (tenant_id, attempt_id)
);
CREATE INDEX attempts_of_endpoint ON webhook.attempts (tenant_id, endpoint_id, attempt_id);
CREATE INDEX attempts_of_message ON webhook.attempts (tenant_id, message_id, attempt_id);
CALL core.protect('webhook.attempts');
GRANT SELECT ON webhook.attempts TO kasbah_webhook;
CALL core.open_door('webhook.attempts', 'kasbah_webhook_queue', 'SELECT', 'INSERT');

-- How far each producer's outbox was read; the installation's, not a tenant's.
CREATE TABLE webhook.receiver_cursors (
  source     text COLLATE "C" NOT NULL,
  shard      text COLLATE "C" NOT NULL,
  topic      text COLLATE "C" NOT NULL,
  epoch      uuid NOT NULL,
  last_batch bigint NOT NULL,
  digest     bytea NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (source, shard, topic, epoch)
);
CALL core.open_door('webhook.receiver_cursors', 'kasbah_webhook_queue', 'SELECT', 'INSERT', 'UPDATE');

-- Entries that could not be understood: kept for people, in nobody's way.
CREATE TABLE webhook.quarantine (
  tenant_id   uuid NOT NULL,
  source      text COLLATE "C" NOT NULL,
  shard       text COLLATE "C" NOT NULL,
  epoch       uuid NOT NULL,
  outbox_id   bigint NOT NULL,
  reason      text COLLATE "C" NOT NULL,
  payload     bytea NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, source, shard, epoch, outbox_id)
);
CALL core.open_door('webhook.quarantine', 'kasbah_webhook_queue', 'SELECT', 'INSERT');
