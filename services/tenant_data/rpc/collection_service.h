#pragma once

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/store/collection_store.h"
#include "services/tenant_data/store/definition_writer.h"

namespace kasbah::tenantdata {

// Definitions of records: collections of typed fields.
class CollectionService final : public v1::CollectionService::CallbackService {
 public:
  CollectionService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                    const Clock& clock);

  grpc::ServerUnaryReactor* CreateCollection(grpc::CallbackServerContext* context,
                                             const v1::CreateCollectionRequest* request,
                                             v1::Collection* reply) override {
    return pipeline_.Run(context, *request, reply, &CollectionService::Create, this);
  }
  grpc::ServerUnaryReactor* GetCollection(grpc::CallbackServerContext* context,
                                          const v1::GetCollectionRequest* request,
                                          v1::Collection* reply) override {
    return pipeline_.Run(context, *request, reply, &CollectionService::Get, this);
  }
  grpc::ServerUnaryReactor* ListCollections(grpc::CallbackServerContext* context,
                                            const v1::ListCollectionsRequest* request,
                                            v1::ListCollectionsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CollectionService::List, this);
  }
  grpc::ServerUnaryReactor* UpdateCollection(grpc::CallbackServerContext* context,
                                             const v1::UpdateCollectionRequest* request,
                                             v1::UpdateCollectionResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CollectionService::Update, this);
  }
  grpc::ServerUnaryReactor* DeleteCollection(grpc::CallbackServerContext* context,
                                             const v1::DeleteCollectionRequest* request,
                                             v1::Collection* reply) override {
    return pipeline_.Run(context, *request, reply, &CollectionService::Delete, this);
  }
  grpc::ServerUnaryReactor* UndeleteCollection(grpc::CallbackServerContext* context,
                                               const v1::UndeleteCollectionRequest* request,
                                               v1::Collection* reply) override {
    return pipeline_.Run(context, *request, reply, &CollectionService::Undelete, this);
  }
  grpc::ServerUnaryReactor* RebuildFieldIndex(grpc::CallbackServerContext* context,
                                              const v1::RebuildFieldIndexRequest* request,
                                              v1::Collection* reply) override {
    return pipeline_.Run(context, *request, reply, &CollectionService::Rebuild, this);
  }

 private:
  absl::StatusOr<v1::Collection> Create(const rpc::Call& call,
                                        const v1::CreateCollectionRequest& request);
  absl::StatusOr<v1::Collection> Get(const rpc::Call& call,
                                     const v1::GetCollectionRequest& request);
  absl::StatusOr<v1::ListCollectionsResponse> List(const rpc::Call& call,
                                                   const v1::ListCollectionsRequest& request);
  absl::StatusOr<v1::UpdateCollectionResponse> Update(const rpc::Call& call,
                                                      const v1::UpdateCollectionRequest& request);
  absl::StatusOr<v1::Collection> Delete(const rpc::Call& call,
                                        const v1::DeleteCollectionRequest& request);
  absl::StatusOr<v1::Collection> Undelete(const rpc::Call& call,
                                          const v1::UndeleteCollectionRequest& request);
  absl::StatusOr<v1::Collection> Rebuild(const rpc::Call& call,
                                         const v1::RebuildFieldIndexRequest& request);

  // The tenant is told that it is suspended before anything of its request is looked at.
  absl::Status RequireActive(const rpc::Call& call);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  DefinitionWriter writer_;
  CollectionStore collections_;
};

}  // namespace kasbah::tenantdata
