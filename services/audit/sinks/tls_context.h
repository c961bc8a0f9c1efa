#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::audit {

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

// For connections to a receiver: TLS 1.2 at least, its certificate verified against
// `ca_certificates` (PEM; empty: the system's), and ours shown where there is one. INVALID_FIELDS,
// naming ca_certificates, client_certificate or client_key, for what cannot be read or does not
// belong together.
absl::StatusOr<SslContext> MakeSslContext(std::string_view ca_certificates,
                                          std::string_view client_certificate,
                                          std::string_view client_key);

}  // namespace kasbah::audit
