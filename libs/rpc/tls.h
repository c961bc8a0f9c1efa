#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/rpc/identity.h"

namespace kasbah::rpc {

// Where a process's identity lies: tls.crt, tls.key and ca.crt in one directory, as cert-manager
// writes them; read again every second, so replacing the directory (or the link to it) is enough.
struct TlsFiles {
  std::string directory;
};

// Must run before the first gRPC call of the process: leaves only TLS 1.3 (gRPC 1.51 has no setter
// for the minimum version, so the 1.2 suites are set to one that cannot be negotiated).
void RequireTls13();

// The files' own identity: the one SPIFFE id of tls.crt. FAILED_PRECONDITION, saying what to do,
// for a missing or unreadable file, a certificate without exactly one SPIFFE id, an expired one, or
// a key that does not belong to it.
absl::StatusOr<SpiffeId> OwnIdentity(const TlsFiles& files);

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerTls(const TlsFiles& files);

// For a client: the server's certificate must carry exactly `server_id` (a whole SPIFFE id).
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientTls(const TlsFiles& files,
                                                                    const std::string& server_id);

}  // namespace kasbah::rpc
