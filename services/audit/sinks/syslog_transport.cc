#include "services/audit/sinks/syslog_transport.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/audit/formats/cef.h"
#include "services/audit/sinks/tls_context.h"
#include "services/audit/sinks/tls_stream.h"

namespace kasbah::audit {
namespace {

constexpr int kDefaultPort = 6514;
constexpr size_t kChunkBytes = 64 * 1024;

Delivery NotSent(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return Delivery::NotNow(reason == reason::kInvalidFields ? "INVALID_CERTIFICATE" : reason);
}

}  // namespace

Delivery SyslogTransport::Send(const v1::Sink& target, const crypto::SecretBytes& secret,
                               const SinkBatch& batch, absl::Time deadline) {
  const v1::SyslogTarget& syslog = target.syslog();
  const absl::StatusOr<SslContext> context =
      MakeSslContext(syslog.ca_certificates(), syslog.client_certificate(),
                     secret.view(crypto::SecretAccess::ForCaller()));
  if (!context.ok()) return NotSent(context.status());
  const int port = syslog.port() == 0 ? kDefaultPort : static_cast<int>(syslog.port());
  const absl::StatusOr<std::unique_ptr<TlsStream>> stream =
      TlsStream::Dial(context->get(), syslog.host(), port, guard_, deadline);
  if (!stream.ok()) return NotSent(stream.status());

  std::string chunk;
  absl::Status status;
  for (size_t i = 0; status.ok() && i < batch.events.size(); ++i) {
    const SentEvent& event = batch.events[i];
    const std::string message = syslog.format() == v1::EXPORT_FORMAT_CEF
                                    ? SyslogMessage(origin_, event, Cef(event))
                                    : SyslogMessage(origin_, event);
    StrAppend(&chunk, message.size(), " ", message);
    if (chunk.size() < kChunkBytes && i + 1 < batch.events.size()) continue;
    status = (*stream)->Write(chunk, deadline);
    chunk.clear();
  }
  if (status.ok()) status = (*stream)->Finish(deadline);
  return status.ok() ? Delivery::Taken() : NotSent(status);
}

}  // namespace kasbah::audit
