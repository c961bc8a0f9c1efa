#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/auth/store/membership_store.h"
#include "services/auth/store/user_directory.h"

namespace kasbah::auth {

// Who belongs to a tenant, and as what.
class MembershipService : public v1::MembershipService::CallbackService {
 public:
  MembershipService(rpc::Pipeline& pipeline, postgres::Database& database, UserDirectory& users,
                    outbox::Outbox& outbox, const Clock& clock);

  grpc::ServerUnaryReactor* CreateMembership(grpc::CallbackServerContext* context,
                                             const v1::CreateMembershipRequest* request,
                                             v1::Membership* reply) override {
    return pipeline_.Run(context, *request, reply, &MembershipService::Create, this);
  }
  grpc::ServerUnaryReactor* ListMemberships(grpc::CallbackServerContext* context,
                                            const v1::ListMembershipsRequest* request,
                                            v1::ListMembershipsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &MembershipService::List, this);
  }
  grpc::ServerUnaryReactor* UpdateMembership(grpc::CallbackServerContext* context,
                                             const v1::UpdateMembershipRequest* request,
                                             v1::Membership* reply) override {
    return pipeline_.Run(context, *request, reply, &MembershipService::Update, this);
  }
  grpc::ServerUnaryReactor* DeleteMembership(grpc::CallbackServerContext* context,
                                             const v1::DeleteMembershipRequest* request,
                                             v1::DeleteMembershipResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &MembershipService::Delete, this);
  }

 private:
  absl::StatusOr<v1::Membership> Create(const rpc::Call& call,
                                        const v1::CreateMembershipRequest& request);
  absl::StatusOr<v1::ListMembershipsResponse> List(const rpc::Call& call,
                                                   const v1::ListMembershipsRequest& request);
  absl::StatusOr<v1::Membership> Update(const rpc::Call& call,
                                        const v1::UpdateMembershipRequest& request);
  absl::StatusOr<v1::DeleteMembershipResponse> Delete(const rpc::Call& call,
                                                      const v1::DeleteMembershipRequest& request);

  // Finds or makes the user and makes them a member, or leaves neither.
  absl::StatusOr<Membership> Admit(const rpc::Call& call, const std::string& email, Role role,
                                   const std::string& display_name);
  // What one transaction does: reads under lock, decides, queues the change and all that goes with
  // it.
  absl::StatusOr<Membership> ChangeRole(postgres::Transaction& tx, const rpc::Call& call,
                                        UserId user, Role role) const;
  absl::Status Remove(postgres::Transaction& tx, const rpc::Call& call, UserId user) const;

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  UserDirectory& users_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const MembershipStore members_{};
};

}  // namespace kasbah::auth
