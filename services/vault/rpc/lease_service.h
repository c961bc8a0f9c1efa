#pragma once

#include "kasbah/vault/v1/leases.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/upkeep/lease_issuer.h"
#include "services/vault/upkeep/lease_keeper.h"

namespace kasbah::vault {

// Logins in tenants' databases as their holders see them. A password leaves only after the event
// that says so is committed.
class LeaseService final : public v1::LeaseService::CallbackService {
 public:
  LeaseService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
               const RootKeys& root, LeaseIssuer& issuer, LeaseKeeper& keeper, const Clock& clock);

  grpc::ServerUnaryReactor* IssueLease(grpc::CallbackServerContext* context,
                                       const v1::IssueLeaseRequest* request,
                                       v1::IssueLeaseResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &LeaseService::Issue, this);
  }
  grpc::ServerUnaryReactor* RenewLease(grpc::CallbackServerContext* context,
                                       const v1::RenewLeaseRequest* request,
                                       v1::Lease* reply) override {
    return pipeline_.Run(context, *request, reply, &LeaseService::Renew, this);
  }
  grpc::ServerUnaryReactor* RevokeLease(grpc::CallbackServerContext* context,
                                        const v1::RevokeLeaseRequest* request,
                                        v1::Lease* reply) override {
    return pipeline_.Run(context, *request, reply, &LeaseService::Revoke, this);
  }
  grpc::ServerUnaryReactor* RevokeLeases(grpc::CallbackServerContext* context,
                                         const v1::RevokeLeasesRequest* request,
                                         v1::RevokeLeasesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &LeaseService::RevokeMany, this);
  }
  grpc::ServerUnaryReactor* GetLease(grpc::CallbackServerContext* context,
                                     const v1::GetLeaseRequest* request,
                                     v1::Lease* reply) override {
    return pipeline_.Run(context, *request, reply, &LeaseService::Get, this);
  }
  grpc::ServerUnaryReactor* ListLeases(grpc::CallbackServerContext* context,
                                       const v1::ListLeasesRequest* request,
                                       v1::ListLeasesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &LeaseService::List, this);
  }

 private:
  absl::StatusOr<v1::IssueLeaseResponse> Issue(const rpc::Call& call,
                                               const v1::IssueLeaseRequest& request);
  absl::StatusOr<v1::Lease> Renew(const rpc::Call& call, const v1::RenewLeaseRequest& request);
  absl::StatusOr<v1::Lease> Revoke(const rpc::Call& call, const v1::RevokeLeaseRequest& request);
  absl::StatusOr<v1::RevokeLeasesResponse> RevokeMany(const rpc::Call& call,
                                                      const v1::RevokeLeasesRequest& request);
  absl::StatusOr<v1::Lease> Get(const rpc::Call& call, const v1::GetLeaseRequest& request);
  absl::StatusOr<v1::ListLeasesResponse> List(const rpc::Call& call,
                                              const v1::ListLeasesRequest& request);

  absl::Status Admit(const rpc::Call& call) const;

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const RootKeys& root_;
  LeaseIssuer& issuer_;
  LeaseKeeper& keeper_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
