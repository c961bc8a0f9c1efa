-- What tenants use, and how much they may (ARCHITECTURE.md, "Quotas and usage").

-- Beside the records, wherever these are.
CALL core.create_quotas('tenant_data', 'kasbah_tenant_data');
CALL core.create_quota_slots('tenant_data', 'kasbah_tenant_data');
CALL tenant_data.make_movable('tenant_data.quotas');
CALL tenant_data.make_movable('tenant_data.quota_slots');

-- The rest is at home, and the registry's.

-- What every service that counts is to hold a tenant to. Without `most` it is to hold it to nothing
-- any more, and has not said yet that it does.
CREATE TABLE tenant_data.quota_settings (
  tenant_id uuid NOT NULL,
  meter     text COLLATE "C" NOT NULL,
  most      bigint CHECK (most >= 0),
  set_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, meter)
);
CALL core.protect('tenant_data.quota_settings');
CALL core.open_door('tenant_data.quota_settings', 'kasbah_tenant_data_registry',
                    'SELECT', 'INSERT', 'UPDATE', 'DELETE');

-- Of a day (its first midnight, UTC): the most that was held, or what was used. No row: nothing.
CREATE TABLE tenant_data.usage_days (
  tenant_id uuid NOT NULL,
  day       timestamptz NOT NULL,
  meter     text COLLATE "C" NOT NULL,
  quantity  bigint NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (tenant_id, day, meter)
) WITH (fillfactor = 80);
CREATE INDEX usage_of_day ON tenant_data.usage_days (day, tenant_id, meter);
CALL core.protect('tenant_data.usage_days');
CALL core.open_door('tenant_data.usage_days', 'kasbah_tenant_data_registry',
                    'SELECT', 'INSERT', 'UPDATE', 'DELETE');

-- What the last count found: held then, or used on its day.
CREATE TABLE tenant_data.usage_now (
  tenant_id  uuid NOT NULL,
  meter      text COLLATE "C" NOT NULL,
  quantity   bigint NOT NULL CHECK (quantity >= 0),
  counted_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, meter)
) WITH (fillfactor = 70);
CALL core.protect('tenant_data.usage_now');
CALL core.open_door('tenant_data.usage_now', 'kasbah_tenant_data_registry',
                    'SELECT', 'INSERT', 'UPDATE', 'DELETE');

-- One count at a time.
CREATE TABLE tenant_data.usage_state (
  is_only      boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  -- Days before are counted for good.
  final_before timestamptz NOT NULL DEFAULT date_trunc('day', now(), 'UTC'),
  due_at       timestamptz NOT NULL DEFAULT '-infinity',
  holder       uuid,
  lease_until  timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO tenant_data.usage_state DEFAULT VALUES;
CALL core.open_door('tenant_data.usage_state', 'kasbah_tenant_data_registry', 'SELECT', 'UPDATE');
