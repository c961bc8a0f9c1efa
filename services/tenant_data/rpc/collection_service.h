#pragma once

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/store/collection_store.h"

namespace kasbah::tenantdata {

// Definitions of records: collections of typed fields.
class CollectionService final : public v1::CollectionService::CallbackService {
 public:
  CollectionService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                    const Clock& clock)
      : pipeline_(pipeline), database_(database), outbox_(outbox), clock_(clock) {}

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

 private:
  absl::StatusOr<v1::Collection> Create(const rpc::Call& call,
                                        const v1::CreateCollectionRequest& request);
  absl::StatusOr<v1::Collection> Get(const rpc::Call& call,
                                     const v1::GetCollectionRequest& request);
  absl::StatusOr<v1::ListCollectionsResponse> List(const rpc::Call& call,
                                                   const v1::ListCollectionsRequest& request);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  CollectionStore collections_;
};

}  // namespace kasbah::tenantdata
