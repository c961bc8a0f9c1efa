-- A closed tenant's rows can be erased: the trail stays, what was never part of it goes.

ALTER TABLE audit.quarantine
  DROP CONSTRAINT quarantine_pkey,
  ADD PRIMARY KEY (tenant_id, quarantine_id);
CALL core.protect('audit.quarantine');
GRANT SELECT (tenant_id, quarantine_id), DELETE ON audit.quarantine TO kasbah_audit;
GRANT SELECT (tenant_id, client_event_id), DELETE ON audit.appended_event TO kasbah_audit;
GRANT SELECT (tenant_id, id) ON audit.outbox TO kasbah_audit;
