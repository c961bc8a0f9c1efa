#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "libs/rpc/assertion_verifier.h"

namespace kasbah::rpc {

// What a service asks auth for: the keys of assertions when they are needed, and every revocation
// as it happens, on a thread of its own that connects again whenever the watch ends or falls
// silent.
class TrustClient {
 public:
  explicit TrustClient(std::shared_ptr<grpc::Channel> channel);
  ~TrustClient();

  // The JWK Set. Blocks for 3 seconds at the most.
  absl::StatusOr<std::string> FetchJwks() const;
  // Tells `assertions`, which outlives this, until Stop.
  void Follow(AssertionVerifier* assertions);
  void Stop();

 private:
  void Watch(AssertionVerifier* assertions);
  // One watch, until it ends. True when it got as far as knowing everything.
  bool WatchOnce(AssertionVerifier* assertions);

  const std::unique_ptr<auth::v1::TrustService::Stub> stub_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the watch under way.
  grpc::ClientContext* watch_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::thread thread_;
};

}  // namespace kasbah::rpc
