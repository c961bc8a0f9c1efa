#include "libs/rpc/stream_body.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/field_rules.h"

namespace kasbah::rpc::internal {

void StreamBody::Admit(const FieldRules& rules, absl::Time deadline) {
  rules_ = &rules;
  deadline_ = std::min(deadline, absl::Now() + limits_.longest);
}

void StreamBody::Gone() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
}

bool StreamBody::stopped() const {
  absl::MutexLock lock(&mutex_);
  return stopped_;
}

bool StreamBody::StoppedWithin(absl::Duration patience) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&stopped_), patience);
}

bool StreamBody::BeginWrite() {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return false;
  written_ = false;
  return true;
}

void StreamBody::WriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  written_ = true;
  if (!ok) stopped_ = true;
}

bool StreamBody::AwaitWrite() const {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&written_));
  return !stopped_;
}

absl::Status StreamBody::BeginRead() {
  if (!failed_.ok()) return failed_;
  absl::MutexLock lock(&mutex_);
  if (stopped_) return absl::CancelledError("the stream is over");
  if (!at_end_) reading_ = true;
  return absl::OkStatus();
}

void StreamBody::ReadDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  reading_ = false;
  if (!ok) at_end_ = true;
}

absl::StatusOr<bool> StreamBody::AwaitRead() {
  const absl::Time now = absl::Now();
  const absl::Time patience = std::min(deadline_, now + limits_.idle);
  absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithDeadline(absl::Condition(this, &StreamBody::ReadSettled), patience)) {
    // The read is still gRPC's: no other may be started.
    failed_ =
        patience == deadline_
            ? Error(absl::StatusCode::kDeadlineExceeded, reason::kDeadlineExceeded,
                    "the stream took longer than it may")
            : Error(absl::StatusCode::kDeadlineExceeded, "STREAM_IDLE",
                    StrCat("no message came for ", absl::ToInt64Seconds(limits_.idle), " seconds"));
    return failed_;
  }
  if (stopped_) return failed_ = absl::CancelledError("the stream is over");
  return !at_end_;
}

absl::Status StreamBody::CheckRead(const google::protobuf::Message& message) {
  bytes_ += static_cast<int64_t>(message.ByteSizeLong());
  if (bytes_ > limits_.max_bytes) {
    failed_ = Error(absl::StatusCode::kResourceExhausted, "STREAM_TOO_LARGE",
                    StrCat("the stream may carry ", limits_.max_bytes, " bytes"));
    return failed_;
  }
  return rules_->Check(message);
}

}  // namespace kasbah::rpc::internal
