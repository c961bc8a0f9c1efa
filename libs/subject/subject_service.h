#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"

namespace kasbah::subject {

// What every service's SubjectService has in common: the way in, the one transaction, which a
// suspended or closing tenant gets too, and the event that says it happened. A service says what it
// holds and how that goes.
class SubjectService : public v1::SubjectService::CallbackService {
 public:
  grpc::ServerUnaryReactor* ExportSubject(grpc::CallbackServerContext* context,
                                          const v1::ExportSubjectRequest* request,
                                          v1::ExportSubjectResponse* reply) final;
  grpc::ServerUnaryReactor* EraseSubject(grpc::CallbackServerContext* context,
                                         const v1::EraseSubjectRequest* request,
                                         v1::EraseSubjectResponse* reply) final;

 protected:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 const Clock& clock);

  virtual absl::StatusOr<v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const v1::ExportSubjectRequest& request) = 0;
  virtual absl::StatusOr<v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const v1::EraseSubjectRequest& request) = 0;

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

 private:
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
};

}  // namespace kasbah::subject
