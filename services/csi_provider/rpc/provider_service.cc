#include "services/csi_provider/rpc/provider_service.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"
#include "libs/rpc/status_mapping.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::csi_provider {
namespace {

// Shorter than the driver's own patience.
constexpr absl::Duration kMountTime = absl::Seconds(15);
// What the driver takes in one message (4 MiB), less what is not contents.
constexpr size_t kLargestVolume = 4'000'000;

// What may be otherwise a moment later: the driver tries a few times by itself.
bool MayGoAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status) || absl::IsCancelled(status) ||
         ReasonOf(status) == "RATE_LIMITED" || ReasonOf(status) == reason::kOverloaded;
}

void Count(const char* result) {
  telemetry::GetCounter("kasbah_csi_mounts_total",
                        "Volumes asked for: mounted, refused, or unavailable just now",
                        {{"result", result}})
      .Add();
}

}  // namespace

grpc::Status ProviderService::Version(grpc::ServerContext*, const v1alpha1::VersionRequest*,
                                      v1alpha1::VersionResponse* reply) {
  reply->set_version("v1alpha1");
  reply->set_runtime_name("kasbah-csi-provider");
  reply->set_runtime_version(KASBAH_VERSION);
  return grpc::Status::OK;
}

grpc::Status ProviderService::Mount(grpc::ServerContext* context,
                                    const v1alpha1::MountRequest* request,
                                    v1alpha1::MountResponse* reply) {
  const absl::Time now = absl::Now();
  CallContext call;
  call.deadline = std::min(absl::FromChrono(context->deadline()), now + kMountTime);
  call.request_id = Uuid::V7(now).ToString();
  MountOrder order;
  const absl::Status status = Fill(call, *request, &order, reply);
  const std::string tenant = order.tenant.is_nil() ? "" : order.tenant.ToString();
  Count(status.ok() ? "mounted" : MayGoAway(status) ? "unavailable" : "refused");
  if (status.ok()) {
    telemetry::LogInfo("mounted", {{"tenant", tenant},
                                   {"namespace", order.namespace_name},
                                   {"pod", order.pod_name},
                                   {"files", reply->files_size()},
                                   {"request_id", call.request_id}});
    return grpc::Status::OK;
  }
  reply->Clear();
  const std::string reason = ReasonOf(status);
  telemetry::LogWarning("not mounted", {{"tenant", tenant},
                                        {"namespace", order.namespace_name},
                                        {"pod", order.pod_name},
                                        {"reason", reason},
                                        {"error", FromAbsl(status.message())},
                                        {"request_id", call.request_id}});
  if (MayGoAway(status)) {
    return rpc::ToGrpcStatus(
        Error(absl::StatusCode::kUnavailable, reason, FromAbsl(status.message())), call.request_id);
  }
  reply->mutable_error()->set_code(reason.empty() ? "INTERNAL" : reason);
  return grpc::Status::OK;
}

absl::Status ProviderService::Fill(const CallContext& call, const v1alpha1::MountRequest& request,
                                   MountOrder* order, v1alpha1::MountResponse* reply) const {
  ASSIGN_OR_RETURN(*order, ParseMountOrder(request.attributes(), request.secrets(),
                                           request.permission(), audience_));
  ASSIGN_OR_RETURN(const std::string assertion, source_.AssertionFor(call, *order));
  size_t size = 0;
  for (const MountObject& object : order->objects) {
    auto read = source_.Read(call, assertion, object);
    if (!read.ok()) {
      return Error(read.status().code(), ReasonOf(read.status()),
                   StrCat(object.secret, ": ", FromAbsl(read.status().message())));
    }
    size += read->payload().size();
    if (size > kLargestVolume) {
      return Error(absl::StatusCode::kFailedPrecondition, "VOLUME_TOO_LARGE",
                   "the values of one volume are at most 4 MB together");
    }
    v1alpha1::ObjectVersion* version = reply->add_object_version();
    version->set_id(object.path);
    version->set_version(
        ObjectVersionOf(object, read->version().secret_id(), read->version().version()));
    v1alpha1::File* file = reply->add_files();
    file->set_path(object.path);
    file->set_mode(object.mode);
    file->set_contents(std::move(*read->mutable_payload()));
  }
  return absl::OkStatus();
}

}  // namespace kasbah::csi_provider
