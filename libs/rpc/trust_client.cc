#include "libs/rpc/trust_client.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/rpc/status_mapping.h"
#include "libs/telemetry/log.h"

namespace kasbah::rpc {
namespace {

constexpr absl::Duration kJwksPatience = absl::Seconds(3);
constexpr absl::Duration kShortestPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(1);
// A watch is opened anew this often, which also bounds how long a dead connection is believed in
// beyond what keepalive finds.
constexpr absl::Duration kLongestWatch = absl::Minutes(10);

}  // namespace

TrustClient::TrustClient(std::shared_ptr<grpc::Channel> channel)
    : stub_(auth::v1::TrustService::NewStub(std::move(channel))) {}

TrustClient::~TrustClient() { Stop(); }

absl::StatusOr<std::string> TrustClient::FetchJwks() const {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kJwksPatience));
  // The first call may come while the channel still connects.
  context.set_wait_for_ready(true);
  auth::v1::GetJwksResponse reply;
  absl::Status status = FromGrpcStatus(stub_->GetJwks(&context, {}, &reply));
  if (!status.ok()) return status;
  return reply.jwks();
}

void TrustClient::Follow(AssertionVerifier* assertions) {
  thread_ = std::thread([this, assertions] { Watch(assertions); });
}

void TrustClient::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (watch_ != nullptr) watch_->TryCancel();
  }
  if (thread_.joinable()) thread_.join();
}

void TrustClient::Watch(AssertionVerifier* assertions) {
  absl::Duration pause = kShortestPause;
  while (true) {
    const bool worked = WatchOnce(assertions);
    pause = worked ? kShortestPause : std::min(pause * 2, kLongestPause);
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), pause)) return;
  }
}

bool TrustClient::WatchOnce(AssertionVerifier* assertions) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kLongestWatch));
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return false;
    watch_ = &context;
  }
  bool caught_up = false;
  auth::v1::WatchRevocationsResponse message;
  const auto reader = stub_->WatchRevocations(&context, auth::v1::WatchRevocationsRequest());
  while (reader->Read(&message)) {
    for (const auth::v1::Revocation& revocation : message.revocations()) {
      assertions->Revoke(revocation.subject(),
                         absl::FromUnixSeconds(revocation.not_before().seconds()) +
                             absl::Nanoseconds(revocation.not_before().nanos()));
    }
    if (message.caught_up() && !caught_up) telemetry::LogInfo("revocations are followed");
    caught_up |= message.caught_up();
    if (caught_up) assertions->RevocationsFresh();
  }
  const absl::Status status = FromGrpcStatus(reader->Finish());
  absl::MutexLock lock(&mutex_);
  watch_ = nullptr;
  if (caught_up && !stopping_) {
    telemetry::LogWarning("the watch of revocations ended; it is opened again",
                          {{"error", FromAbsl(status.message())}});
  }
  return caught_up;
}

}  // namespace kasbah::rpc
