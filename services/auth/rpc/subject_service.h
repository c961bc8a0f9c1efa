#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/auth/store/api_key_store.h"
#include "services/auth/store/membership_store.h"
#include "services/auth/store/user_directory.h"

namespace kasbah::auth {

// What auth holds about a person: the columns of domain/personal_columns.h. A subject is known here
// by e-mail address or user id; under any other id auth holds nothing.
class SubjectService : public subject::v1::SubjectService::CallbackService {
 public:
  SubjectService(rpc::Pipeline& pipeline, postgres::Database& database, UserDirectory& users,
                 outbox::Outbox& outbox, const Clock& clock)
      : pipeline_(pipeline), database_(database), users_(users), outbox_(outbox), clock_(clock) {}

  grpc::ServerUnaryReactor* ExportSubject(grpc::CallbackServerContext* context,
                                          const subject::v1::ExportSubjectRequest* request,
                                          subject::v1::ExportSubjectResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SubjectService::Export, this);
  }
  grpc::ServerUnaryReactor* EraseSubject(grpc::CallbackServerContext* context,
                                         const subject::v1::EraseSubjectRequest* request,
                                         subject::v1::EraseSubjectResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SubjectService::Erase, this);
  }

 private:
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(
      const rpc::Call& call, const subject::v1::ExportSubjectRequest& request);
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(
      const rpc::Call& call, const subject::v1::EraseSubjectRequest& request);

  // The user that a subject's id means; nobody for ids of other things.
  absl::StatusOr<std::optional<UserId>> UserOf(const rpc::Call& call, const std::string& id);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  UserDirectory& users_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const MembershipStore members_{};
  const ApiKeyStore keys_{};
};

}  // namespace kasbah::auth
