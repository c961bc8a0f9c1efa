-- How many deliveries a month a tenant may have. Who makes them counts them.

CALL core.create_quotas('webhook', 'kasbah_webhook');
CALL core.open_door('webhook.quotas', 'kasbah_webhook_queue', 'SELECT', 'UPDATE');
