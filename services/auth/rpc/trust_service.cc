#include "services/auth/rpc/trust_service.h"

#include <optional>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/auth/rpc/messages.h"

namespace kasbah::auth {
namespace {

// A key that is not known makes its reader ask again, so this bounds how long one that is no longer
// listed is believed.
constexpr absl::Duration kJwksLife = absl::Minutes(1);
// How soon a stream that waits sees that its client is gone.
constexpr absl::Duration kWake = absl::Milliseconds(250);
// Keeps a message far below the size limit.
constexpr size_t kRevocationsInMessage = 5'000;

absl::Status WriteAll(const std::vector<Revocation>& news,
                      rpc::StreamWriter<v1::WatchRevocationsResponse>& writer) {
  size_t written = 0;
  do {
    v1::WatchRevocationsResponse message;
    for (; written < news.size() &&
           static_cast<size_t>(message.revocations_size()) < kRevocationsInMessage;
         ++written) {
      *message.add_revocations() = ToMessage(news[written]);
    }
    message.set_caught_up(written == news.size());
    RETURN_IF_ERROR(writer.Write(message));
  } while (written < news.size());
  return absl::OkStatus();
}

}  // namespace

TrustService::TrustService(rpc::Pipeline& pipeline, KeySet& keys, RevocationFeed& revocations,
                           const Clock& clock)
    : pipeline_(pipeline), keys_(keys), revocations_(revocations), clock_(clock) {}

absl::StatusOr<v1::GetJwksResponse> TrustService::Jwks(const rpc::Call&,
                                                       const v1::GetJwksRequest&) {
  v1::GetJwksResponse response;
  ASSIGN_OR_RETURN(*response.mutable_jwks(), keys_.Jwks());
  *response.mutable_expire_time() = ToTimestamp(clock_.Now() + kJwksLife);
  return response;
}

absl::Status TrustService::Watch(const rpc::Call&, const v1::WatchRevocationsRequest&,
                                 rpc::StreamWriter<v1::WatchRevocationsResponse>& writer) {
  // A message for each reading of the table, empty or not: while the table cannot be read,
  // followers hear nothing and must come to refuse assertions.
  RevocationFeed::Cursor cursor;
  while (!writer.Done()) {
    const std::optional<std::vector<Revocation>> news = revocations_.News(&cursor, kWake);
    if (news.has_value()) RETURN_IF_ERROR(WriteAll(*news, writer));
  }
  return absl::OkStatus();
}

}  // namespace kasbah::auth
