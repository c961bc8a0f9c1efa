-- The programs that a tenant registered: the only ones that its secrets go to.

-- The SPIFFE path follows from tenant and name. A workload that is deleted is gone; one registered
-- under its name later has another id, so that nothing granted to the first is the second's.
CREATE TABLE auth.workloads (
  tenant_id   uuid NOT NULL,
  workload_id uuid NOT NULL,
  name        text COLLATE "C" NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 63),
  revision    bigint NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, workload_id),
  UNIQUE (tenant_id, name)
);
CALL core.protect('auth.workloads');
GRANT SELECT, INSERT, DELETE, UPDATE (revision, updated_at) ON auth.workloads TO kasbah_auth;

-- Which pods are which workload. Unique within the tenant alone: another tenant that names the same
-- service account offers it its own secrets and learns nothing, and the pod says whose it wants.
CREATE TABLE auth.workload_service_accounts (
  tenant_id       uuid NOT NULL,
  issuer          text COLLATE "C" NOT NULL,
  namespace       text COLLATE "C" NOT NULL,
  service_account text COLLATE "C" NOT NULL,
  workload_id     uuid NOT NULL,
  PRIMARY KEY (tenant_id, issuer, namespace, service_account),
  FOREIGN KEY (tenant_id, workload_id) REFERENCES auth.workloads (tenant_id, workload_id)
    ON DELETE CASCADE
);
CREATE INDEX service_accounts_of_workload
  ON auth.workload_service_accounts (tenant_id, workload_id);
CALL core.protect('auth.workload_service_accounts');
GRANT SELECT, INSERT, DELETE ON auth.workload_service_accounts TO kasbah_auth;
