#pragma once

#include <functional>
#include <string>
#include <utility>

#include "kasbah/audit/v1/sinks.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/domain/sink.h"
#include "services/audit/sinks/sink_courier.h"

namespace kasbah::audit {

// A tenant's sinks. Secrets are sealed by the vault before they are stored and never shown.
class SinkService final : public v1::SinkService::CallbackService {
 public:
  struct Parts {
    postgres::Database& database;
    outbox::Outbox& outbox;
    SinkSecrets& secrets;
    SinkCourier& courier;
    // A sink was made, changed or resumed.
    std::function<void()> wake;
    SinkRules rules;
    const Clock& clock;
  };
  SinkService(rpc::Pipeline& pipeline, Parts parts);

  grpc::ServerUnaryReactor* CreateSink(grpc::CallbackServerContext* context,
                                       const v1::CreateSinkRequest* request,
                                       v1::Sink* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::Create, this);
  }
  grpc::ServerUnaryReactor* GetSink(grpc::CallbackServerContext* context,
                                    const v1::GetSinkRequest* request, v1::Sink* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::Get, this);
  }
  grpc::ServerUnaryReactor* ListSinks(grpc::CallbackServerContext* context,
                                      const v1::ListSinksRequest* request,
                                      v1::ListSinksResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::List, this);
  }
  grpc::ServerUnaryReactor* UpdateSink(grpc::CallbackServerContext* context,
                                       const v1::UpdateSinkRequest* request,
                                       v1::Sink* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::Update, this);
  }
  grpc::ServerUnaryReactor* DeleteSink(grpc::CallbackServerContext* context,
                                       const v1::DeleteSinkRequest* request,
                                       v1::DeleteSinkResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::Delete, this);
  }
  grpc::ServerUnaryReactor* PauseSink(grpc::CallbackServerContext* context,
                                      const v1::PauseSinkRequest* request,
                                      v1::Sink* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::Pause, this);
  }
  grpc::ServerUnaryReactor* ResumeSink(grpc::CallbackServerContext* context,
                                       const v1::ResumeSinkRequest* request,
                                       v1::Sink* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::Resume, this);
  }
  grpc::ServerUnaryReactor* TestSink(grpc::CallbackServerContext* context,
                                     const v1::TestSinkRequest* request,
                                     v1::TestSinkResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::Test, this);
  }
  grpc::ServerUnaryReactor* ListRefusedEvents(grpc::CallbackServerContext* context,
                                              const v1::ListRefusedEventsRequest* request,
                                              v1::ListRefusedEventsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SinkService::ListRefused, this);
  }

 private:
  absl::StatusOr<v1::Sink> Create(const rpc::Call& call, const v1::CreateSinkRequest& request);
  absl::StatusOr<v1::Sink> Get(const rpc::Call& call, const v1::GetSinkRequest& request);
  absl::StatusOr<v1::ListSinksResponse> List(const rpc::Call& call,
                                             const v1::ListSinksRequest& request);
  absl::StatusOr<v1::Sink> Update(const rpc::Call& call, const v1::UpdateSinkRequest& request);
  absl::StatusOr<v1::DeleteSinkResponse> Delete(const rpc::Call& call,
                                                const v1::DeleteSinkRequest& request);
  absl::StatusOr<v1::Sink> Pause(const rpc::Call& call, const v1::PauseSinkRequest& request);
  absl::StatusOr<v1::Sink> Resume(const rpc::Call& call, const v1::ResumeSinkRequest& request);
  absl::StatusOr<v1::TestSinkResponse> Test(const rpc::Call& call,
                                            const v1::TestSinkRequest& request);
  absl::StatusOr<v1::ListRefusedEventsResponse> ListRefused(
      const rpc::Call& call, const v1::ListRefusedEventsRequest& request);

  absl::StatusOr<Sink> Find(const rpc::Call& call, SinkId id);
  absl::StatusOr<v1::Sink> SetPaused(const rpc::Call& call, const std::string& id, bool paused);
  // INVALID_ARGUMENT, every field that is wrong; of certificates, with the key they belong to.
  absl::Status Check(const SinkSettings& settings, const std::string& secret) const;
  absl::StatusOr<std::string> CheckAndSeal(const rpc::Call& call, SinkId id,
                                           const SinkSettings& settings, std::string secret);

  rpc::Pipeline& pipeline_;
  const Parts parts_;
};

}  // namespace kasbah::audit
