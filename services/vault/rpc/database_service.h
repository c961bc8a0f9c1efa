#pragma once

#include "kasbah/vault/v1/leases.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/root_keys.h"
#include "services/vault/upkeep/target_access.h"

namespace kasbah::vault {

// Tenants' own databases, and the roles that logins in them are made by.
class DatabaseService final : public v1::DatabaseService::CallbackService {
 public:
  DatabaseService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                  const RootKeys& root, TargetAccess& access, const Clock& clock);

  grpc::ServerUnaryReactor* SetDatabase(grpc::CallbackServerContext* context,
                                        const v1::SetDatabaseRequest* request,
                                        v1::Database* reply) override {
    return pipeline_.Run(context, *request, reply, &DatabaseService::Set, this);
  }
  grpc::ServerUnaryReactor* GetDatabase(grpc::CallbackServerContext* context,
                                        const v1::GetDatabaseRequest* request,
                                        v1::Database* reply) override {
    return pipeline_.Run(context, *request, reply, &DatabaseService::Get, this);
  }
  grpc::ServerUnaryReactor* ListDatabases(grpc::CallbackServerContext* context,
                                          const v1::ListDatabasesRequest* request,
                                          v1::ListDatabasesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &DatabaseService::List, this);
  }
  grpc::ServerUnaryReactor* DeleteDatabase(grpc::CallbackServerContext* context,
                                           const v1::DeleteDatabaseRequest* request,
                                           v1::DeleteDatabaseResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &DatabaseService::Delete, this);
  }
  grpc::ServerUnaryReactor* CheckDatabase(grpc::CallbackServerContext* context,
                                          const v1::CheckDatabaseRequest* request,
                                          v1::CheckDatabaseResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &DatabaseService::Check, this);
  }
  grpc::ServerUnaryReactor* SetDatabaseRole(grpc::CallbackServerContext* context,
                                            const v1::SetDatabaseRoleRequest* request,
                                            v1::DatabaseRole* reply) override {
    return pipeline_.Run(context, *request, reply, &DatabaseService::SetRole, this);
  }
  grpc::ServerUnaryReactor* DeleteDatabaseRole(grpc::CallbackServerContext* context,
                                               const v1::DeleteDatabaseRoleRequest* request,
                                               v1::DeleteDatabaseRoleResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &DatabaseService::DeleteRole, this);
  }

 private:
  absl::StatusOr<v1::Database> Set(const rpc::Call& call, const v1::SetDatabaseRequest& request);
  absl::StatusOr<v1::Database> Get(const rpc::Call& call, const v1::GetDatabaseRequest& request);
  absl::StatusOr<v1::ListDatabasesResponse> List(const rpc::Call& call,
                                                 const v1::ListDatabasesRequest& request);
  absl::StatusOr<v1::DeleteDatabaseResponse> Delete(const rpc::Call& call,
                                                    const v1::DeleteDatabaseRequest& request);
  absl::StatusOr<v1::CheckDatabaseResponse> Check(const rpc::Call& call,
                                                  const v1::CheckDatabaseRequest& request);
  absl::StatusOr<v1::DatabaseRole> SetRole(const rpc::Call& call,
                                           const v1::SetDatabaseRoleRequest& request);
  absl::StatusOr<v1::DeleteDatabaseRoleResponse> DeleteRole(
      const rpc::Call& call, const v1::DeleteDatabaseRoleRequest& request);

  absl::Status Admit(const rpc::Call& call) const;

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const RootKeys& root_;
  TargetAccess& access_;
  const Clock& clock_;
};

}  // namespace kasbah::vault
