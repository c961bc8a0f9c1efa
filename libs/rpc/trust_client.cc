#include "libs/rpc/trust_client.h"

#include <algorithm>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
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

// One watch. A blocking reader would poll the process's sockets for as long as the watch lasts and
// be woken for everybody's traffic, an eighth of a busy server's time: messages come by callback.
class RevocationWatch : public grpc::ClientReadReactor<auth::v1::WatchRevocationsResponse> {
 public:
  explicit RevocationWatch(AssertionVerifier* assertions) : assertions_(assertions) {}

  // Until it ends.
  absl::Status Run(auth::v1::TrustService::Stub& stub, grpc::ClientContext* context) {
    const auth::v1::WatchRevocationsRequest request;
    stub.async()->WatchRevocations(context, &request, this);
    StartRead(&message_);
    StartCall();
    done_.WaitForNotification();
    return FromGrpcStatus(status_);
  }
  // Whether it got as far as knowing everything.
  bool caught_up() const { return caught_up_; }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    for (const auth::v1::Revocation& revocation : message_.revocations()) {
      // A revocation whose time cannot be read revokes everything of its subject.
      assertions_->Revoke(
          revocation.subject(),
          FromTimestamp(revocation.not_before(), "not_before").value_or(absl::InfiniteFuture()));
    }
    if (message_.caught_up() && !caught_up_) telemetry::LogInfo("revocations are followed");
    caught_up_ |= message_.caught_up();
    if (caught_up_) assertions_->RevocationsFresh();
    StartRead(&message_);
  }
  void OnDone(const grpc::Status& status) override {
    status_ = status;
    done_.Notify();
  }

  AssertionVerifier* const assertions_;
  auth::v1::WatchRevocationsResponse message_;
  bool caught_up_ = false;
  grpc::Status status_;
  absl::Notification done_;
};

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
  RevocationWatch watch(assertions);
  const absl::Status status = watch.Run(*stub_, &context);
  absl::MutexLock lock(&mutex_);
  watch_ = nullptr;
  if (watch.caught_up() && !stopping_) {
    telemetry::LogWarning("the watch of revocations ended; it is opened again",
                          {{"error", FromAbsl(status.message())}});
  }
  return watch.caught_up();
}

}  // namespace kasbah::rpc
