#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "kasbah/@package@/v1/@schema@.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/@schema@/store/@resource@_store.h"

namespace kasbah::@package@ {

// A tenant's @plural@. They belong to the whole tenant: a caller who is here for one of its customers
// is refused.
class @Resource@Service final : public v1::@Resource@Service::CallbackService {
 public:
  @Resource@Service(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                const Clock& clock);

  grpc::ServerUnaryReactor* Create@Resource@(grpc::CallbackServerContext* context,
                                         const v1::Create@Resource@Request* request,
                                         v1::@Resource@* reply) override {
    return pipeline_.Run(context, *request, reply, &@Resource@Service::Create, this);
  }
  grpc::ServerUnaryReactor* Get@Resource@(grpc::CallbackServerContext* context,
                                      const v1::Get@Resource@Request* request,
                                      v1::@Resource@* reply) override {
    return pipeline_.Run(context, *request, reply, &@Resource@Service::Get, this);
  }

 private:
  absl::StatusOr<v1::@Resource@> Create(const rpc::Call& call,
                                    const v1::Create@Resource@Request& request);
  absl::StatusOr<v1::@Resource@> Get(const rpc::Call& call, const v1::Get@Resource@Request& request);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  const @Resource@Store @plural@_{};
};

}  // namespace kasbah::@package@
