-- A closed tenant's rows can be erased.

GRANT DELETE ON webhook.attempts, webhook.deliveries, webhook.messages, webhook.endpoints
  TO kasbah_webhook;
CALL core.protect('webhook.quarantine');
GRANT SELECT (tenant_id, source, shard, epoch, outbox_id), DELETE ON webhook.quarantine
  TO kasbah_webhook;
GRANT SELECT (tenant_id, id) ON webhook.outbox TO kasbah_webhook;
