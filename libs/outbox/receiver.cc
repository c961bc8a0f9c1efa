#include "libs/outbox/receiver.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/relay.h"

namespace kasbah::outbox {

absl::StatusOr<Uuid> CheckBatch(const v1::ReceiveBatchRequest& request, v1::Topic topic) {
  const auto invalid = [](std::string_view what) {
    return Error(absl::StatusCode::kInvalidArgument, "BATCH_INVALID", what);
  };
  if (request.topic() != topic) return invalid("this receiver takes another topic");
  if (request.batch() == 0) return invalid("batches are numbered from 1");
  if (request.batch() > INT64_MAX) return invalid("no such batch number");
  const absl::StatusOr<Uuid> epoch = Uuid::Parse(request.epoch());
  if (!epoch.ok()) return invalid("the epoch is not a UUID");
  uint64_t previous = 0;
  for (const v1::Entry& entry : request.entries()) {
    if (entry.id() <= previous || entry.id() > INT64_MAX) return invalid("ids do not increase");
    if (entry.tenant().size() != 16) return invalid("a tenant is not a UUID");
    previous = entry.id();
  }
  if (Relay::Digest(request.entries()) != request.digest()) {
    return Error(absl::StatusCode::kInvalidArgument, "BATCH_DIGEST_INVALID",
                 "the digest is not that of the entries");
  }
  return *epoch;
}

absl::StatusOr<BatchDecision> DecideBatch(const ReceiverCursor& cursor,
                                          const v1::ReceiveBatchRequest& request) {
  if (request.batch() == cursor.last_batch + 1) return BatchDecision::kApply;
  if (request.batch() > cursor.last_batch) {
    return Error(absl::StatusCode::kFailedPrecondition, "BATCH_GAP",
                 StrCat("batch ", request.batch(), " came after batch ", cursor.last_batch));
  }
  if (request.batch() == cursor.last_batch && request.digest() == cursor.digest) {
    return BatchDecision::kAcknowledge;
  }
  return Error(absl::StatusCode::kFailedPrecondition, "BATCH_DIGEST_MISMATCH",
               StrCat("batch ", request.batch(), " is not the one that was applied"));
}

}  // namespace kasbah::outbox
