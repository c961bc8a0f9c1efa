#include "services/audit/sinks/http_transport.h"

#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "services/audit/sinks/http_answer.h"
#include "services/audit/sinks/http_body.h"

namespace kasbah::audit {

Delivery HttpTransport::Send(const v1::Sink& target, const crypto::SecretBytes& secret,
                             const SinkBatch& batch, absl::Time deadline) {
  const v1::HttpTarget& http = target.http();
  http::ClientRequest request{
      .method = "POST",
      .url = UrlOf(http),
      .headers = {{"content-type", std::string(ContentTypeOf(http.shape()))},
                  {"user-agent", "Kasbah-Audit/1"},
                  {"idempotency-key", batch.id.ToString()},
                  {"x-kasbah-sequence", StrCat(batch.first, "-", batch.past - 1)}},
      .body = BodyOf(http, batch),
      .timeout = deadline - absl::Now(),
      // Of other receivers only the status matters.
      .cut_response = http.shape() != v1::HttpTarget::SHAPE_ELASTIC_BULK};
  if (!secret.empty()) {
    request.headers.emplace_back("authorization", secret.view(crypto::SecretAccess::ForCaller()));
  }
  return DeliveryOf(http.shape(), batch, client_.SendAndWait(std::move(request)), clock_.Now());
}

}  // namespace kasbah::audit
