#pragma once

#include "libs/http/address_guard.h"
#include "services/audit/formats/syslog.h"
#include "services/audit/sinks/transport.h"

namespace kasbah::audit {

// RFC 5425: RFC 5424 messages with octet counting over TLS, a connection for each batch. Nothing in
// the protocol acknowledges a message; what counts here is TlsStream::Finish.
class SyslogTransport final : public Transport {
 public:
  SyslogTransport(SyslogOrigin origin, http::AddressGuard guard)
      : origin_(std::move(origin)), guard_(std::move(guard)) {}

  Delivery Send(const v1::Sink& target, const crypto::SecretBytes& secret, const SinkBatch& batch,
                absl::Time deadline) override;

 private:
  const SyslogOrigin origin_;
  const http::AddressGuard guard_;
};

}  // namespace kasbah::audit
