#pragma once

#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/payload/payload.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"

namespace kasbah::webhook {

// Events of a tenant's own. One is appended to this service's outbox like a change of any other
// service, with its audit event, and the relay brings it here: so there is one way for messages to
// come about, and nothing is lost between the two. Thread safe.
class MessageService final : public v1::MessageService::CallbackService {
 public:
  MessageService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                 std::shared_ptr<grpc::Channel> vault, const Clock& clock);

  grpc::ServerUnaryReactor* CreateMessage(grpc::CallbackServerContext* context,
                                          const v1::CreateMessageRequest* request,
                                          v1::CreateMessageResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &MessageService::Create, this);
  }

 private:
  absl::StatusOr<v1::CreateMessageResponse> Create(const rpc::Call& call,
                                                   const v1::CreateMessageRequest& request);
  // Refuses a tenant that is suspended, before what it sent is looked at.
  absl::Status CheckTenant(const rpc::Call& call);
  // The values that `data` should not have, into the vault; their ids in their places.
  absl::Status Move(const rpc::Call& call, const v1::CreateMessageRequest& request,
                    google::protobuf::Struct* data, v1::CreateMessageResponse* reply);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const std::unique_ptr<vault::v1::SecretService::Stub> vault_;
  const Clock& clock_;
};

}  // namespace kasbah::webhook
