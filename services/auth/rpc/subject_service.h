#pragma once

#include "libs/subject/subject_service.h"
#include "services/auth/store/api_key_store.h"
#include "services/auth/store/departure_store.h"
#include "services/auth/store/membership_store.h"
#include "services/auth/store/tenant_tables.h"
#include "services/auth/store/user_directory.h"

namespace kasbah::auth {

// What auth holds about a person: the columns of domain/personal_columns.h. A subject is known here
// by e-mail address or user id; under any other id auth holds nothing.
class SubjectService final : public subject::SubjectService {
 public:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, UserDirectory& users,
                 outbox::Outbox& outbox, const Clock& clock);

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request) override;
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request) override;

  // With the members' addresses, which are shown to the tenants that they belong to.
  absl::StatusOr<TenantPage> PageOf(const rpc::Call& call, const subject::TenantTable& table,
                                    const std::string& cursor) override;
  // Members and their addresses, unless another tenant has them as well.
  absl::Status PrepareErasure(const rpc::Call& call,
                              subject::v1::EraseTenantResponse* reply) override;

  // The user that a subject's id means; nobody for ids of other things.
  absl::StatusOr<std::optional<UserId>> UserOf(const rpc::Call& call, const std::string& id);

  UserDirectory& users_;
  const MembershipStore members_{};
  const ApiKeyStore keys_{};
  const DepartureStore departures_{};
};

}  // namespace kasbah::auth
