#include "services/audit/sinks/s3_transport.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/http/aws_signature.h"
#include "libs/http/retry_after.h"

namespace kasbah::audit {
namespace {

void AddLock(const v1::S3Target& target, absl::Time now, http::ClientRequest* request) {
  if (target.lock_days() == 0) return;
  const absl::Time until = now + absl::Hours(24) * static_cast<int64_t>(target.lock_days());
  request->headers.emplace_back("x-amz-object-lock-mode", "COMPLIANCE");
  request->headers.emplace_back(
      "x-amz-object-lock-retain-until-date",
      absl::FormatTime("%E4Y-%m-%dT%H:%M:%SZ", until, absl::UTCTimeZone()));
}

}  // namespace

std::string S3Transport::ObjectName(const v1::S3Target& target, const SinkBatch& batch) {
  const std::string day =
      absl::FormatTime("%E4Y/%m/%d", batch.events.front().recorded_at(), absl::UTCTimeZone());
  return StrCat(target.prefix(), batch.tenant.ToString(), "/", day, "/",
                absl::StrCat(absl::Dec(batch.first, absl::kZeroPad20), "-",
                             absl::Dec(batch.past - 1, absl::kZeroPad20), ".jsonl"));
}

Delivery S3Transport::Send(const v1::Sink& target, const crypto::SecretBytes& secret,
                           const SinkBatch& batch, absl::Time deadline) {
  const v1::S3Target& s3 = target.s3();
  const absl::Time now = clock_.Now();
  const std::string digest = crypto::Sha256(batch.proofs);
  http::ClientRequest request{.method = "PUT",
                              .url = RootOf(s3) + ObjectName(s3, batch),
                              .headers = {{"content-type", "application/x-ndjson"},
                                          {"x-amz-content-sha256", crypto::Hex(digest)},
                                          // Object Lock asks for one; any store checks it.
                                          {"x-amz-checksum-sha256", crypto::Base64(digest)}},
                              .body = batch.proofs,
                              .timeout = deadline - absl::Now()};
  AddLock(s3, now, &request);
  http::AwsCredentials credentials{
      .access_key_id = s3.access_key_id(),
      .secret_access_key = std::string(secret.view(crypto::SecretAccess::ForCaller())),
      .session_token = ""};
  const absl::Status is_signed = http::SignForAws(credentials, s3.region(), "s3", now, &request);
  crypto::Wipe(credentials.secret_access_key);
  if (!is_signed.ok()) return Delivery::NotNow(ReasonOf(is_signed));

  const absl::StatusOr<http::ClientResponse> answer = client_.SendAndWait(std::move(request));
  if (!answer.ok()) return Delivery::NotNow(ReasonOf(answer.status()));
  if (answer->status == 200) return Delivery::Taken();
  // A store has no opinion on an object's contents: each refusal is of bucket, key or moment.
  Delivery delivery = Delivery::NotNow(StrCat("HTTP_", answer->status));
  delivery.retry_after = http::RetryAfterOf(*answer, now);
  return delivery;
}

}  // namespace kasbah::audit
