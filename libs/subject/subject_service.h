#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "libs/subject/tenant_table.h"

namespace kasbah::subject {

// What every service's SubjectService has in common: the way in, the transactions, which a
// suspended or closed tenant gets too, and the events that say what happened. Of a person a service
// says what it holds and how that goes; of a tenant the list of its tables says it, but for what
// takes more than rows.
class SubjectService : public v1::SubjectService::CallbackService {
 public:
  grpc::ServerUnaryReactor* ExportSubject(grpc::CallbackServerContext* context,
                                          const v1::ExportSubjectRequest* request,
                                          v1::ExportSubjectResponse* reply) final;
  grpc::ServerUnaryReactor* EraseSubject(grpc::CallbackServerContext* context,
                                         const v1::EraseSubjectRequest* request,
                                         v1::EraseSubjectResponse* reply) final;
  grpc::ServerUnaryReactor* ExportTenant(grpc::CallbackServerContext* context,
                                         const v1::ExportTenantRequest* request,
                                         v1::ExportTenantResponse* reply) final;
  grpc::ServerUnaryReactor* EraseTenant(grpc::CallbackServerContext* context,
                                        const v1::EraseTenantRequest* request,
                                        v1::EraseTenantResponse* reply) final;

 protected:
  // `tables` are all of this schema that hold rows of tenants.
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 const Clock& clock, TenantTables tables);

  virtual absl::StatusOr<v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const v1::ExportSubjectRequest& request) = 0;
  virtual absl::StatusOr<v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const v1::EraseSubjectRequest& request) = 0;

  // Some rows of a table of a tenant, and where the next begin.
  struct TenantPage {
    // As the export names them; mostly the table.
    std::string member;
    std::vector<std::string> rows;
    // JSON; empty: the table is at its end.
    std::string cursor;
  };
  // After `cursor`; empty: from the beginning.
  virtual absl::StatusOr<TenantPage> PageOf(const rpc::Call& call, const TenantTable& table,
                                            const std::string& cursor);
  // Of what a table's statements answer.
  static TenantPage ReadPage(const TenantTable& table, const postgres::Result& rows);
  // What has to end before the rows may go: an error holds the erasure up until it is asked again.
  // For a closed tenant, at the beginning of each call. May say of events that wait elsewhere.
  virtual absl::Status PrepareErasure(const rpc::Call& call, v1::EraseTenantResponse* reply);
  // What is erased in rows that stay, or beyond rows; true when nothing of it is left.
  virtual absl::StatusOr<bool> EraseFurther(const rpc::Call& call, v1::EraseTenantResponse* reply);

  // A transaction of an erasure, with an event that says how many rows of what went. `body` takes
  // the transaction and returns the number.
  absl::StatusOr<uint64_t> EraseCounted(
      const CallContext& call, std::string_view what,
      absl::FunctionRef<absl::StatusOr<uint64_t>(postgres::Transaction&)> body);

  // `body` takes the transaction and returns what is pending in it, or an error. The subject stands
  // in no attribute unless `subject_id` says so: the trail keeps that it happened, not about whom.
  template <typename Body>
  auto ExportAudited(const rpc::Call& call, Body body, std::string subject_id = "") {
    return RunAudited(call, "subject.export", std::move(body), std::move(subject_id));
  }
  template <typename Body>
  auto EraseAudited(const rpc::Call& call, Body body, std::string subject_id = "") {
    return RunAudited(call, "subject.erase", std::move(body), std::move(subject_id));
  }

  // One value of the reply; an empty one is nothing held.
  static void AddValue(std::string_view column, std::string row, std::string value,
                       v1::ExportSubjectResponse* reply);

  const Clock& clock() const { return clock_; }
  postgres::Database& database() { return database_; }

 private:
  // A person is the tenant's: a call for one of its customers is refused before anything is done.
  absl::StatusOr<v1::ExportSubjectResponse> ExportWhole(const rpc::Call& call,
                                                        const v1::ExportSubjectRequest& request);
  absl::StatusOr<v1::EraseSubjectResponse> EraseWhole(const rpc::Call& call,
                                                      const v1::EraseSubjectRequest& request);

  absl::StatusOr<v1::ExportTenantResponse> ExportPage(const rpc::Call& call,
                                                      const v1::ExportTenantRequest& request);
  absl::StatusOr<v1::EraseTenantResponse> ErasePages(const rpc::Call& call,
                                                     const v1::EraseTenantRequest& request);
  absl::Status RequireClosed(const rpc::Call& call);
  // The first that has rows and is to have none; null: none has.
  absl::StatusOr<const TenantTable*> FindLeft(const rpc::Call& call);
  absl::StatusOr<uint64_t> ErasePage(const rpc::Call& call, const TenantTable& table);

  template <typename T>
  struct Unwrapped {
    using type = T;
  };
  template <typename T>
  struct Unwrapped<absl::StatusOr<T>> {
    using type = T;
  };

  template <typename Body>
  auto RunAudited(const rpc::Call& call, std::string_view action, Body body,
                  std::string subject_id) {
    using Pending = typename Unwrapped<std::invoke_result_t<Body&, postgres::Transaction&>>::type;
    const outbox::v1::AuditEvent event =
        outbox::Succeeded(call, clock_, action, {"subject", std::move(subject_id), ""});
    return database_.WithTenantInAnyState(
        call, postgres::AnyStateToken::ForErasure(),
        [&](postgres::Transaction& tx) -> absl::StatusOr<Pending> {
          absl::StatusOr<Pending> result = body(tx);
          RETURN_IF_ERROR(result.status());
          RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, event));
          return result;
        });
  }

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const TenantTables tables_;
};

}  // namespace kasbah::subject
