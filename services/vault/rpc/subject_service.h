#pragma once

#include "libs/subject/subject_service.h"
#include "services/vault/store/lease_store.h"
#include "services/vault/store/tenant_tables.h"
#include "services/vault/upkeep/kek_changes.h"

namespace kasbah::vault {

// What the vault knows about a person: which versions of secrets they added (kPersonalColumns).
// Erasing them shreds, besides, what was sealed for them as a data subject.
class SubjectService final : public subject::SubjectService {
 public:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 const Clock& clock, KekChanges& changes);

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) override;
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) override;
  // Logins in the tenant's own databases end first, while the password that ends them still opens;
  // one that cannot be ended, because its database is away, is waited for until it ends by itself.
  // Then the tenant's keys are shredded. UNAVAILABLE, LEASES_ENDING.
  absl::Status PrepareErasure(const rpc::Call& call,
                              subject::v1::EraseTenantResponse* reply) override;

  absl::Status EndLeases(const rpc::Call& call);

  KekChanges& changes_;
};

}  // namespace kasbah::vault
