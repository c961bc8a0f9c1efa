#include "libs/rpc/server.h"

namespace kasbah::rpc {

void ServerConfig::Read(config::Section& section) {
  section.Field("listen", &listen, "address of the mutual-TLS listener");
  section.Field("admin_listen", &admin_listen,
                "address of the plaintext listener for /healthz, /readyz and /metrics");
  section.Field("tls_directory", &tls_directory, "directory with tls.crt, tls.key and ca.crt")
      .Required();
  section.Field("trust_domain", &trust_domain, "SPIFFE trust domain of this installation")
      .Required();
  section.Field("reflection", &reflection, "serve gRPC reflection");
  section.Field("threads", &threads, "calls that may block at once").Range(1, 1024);
  section.Field("queue", &queue, "calls that may wait for a thread").Range(0, 100'000);
  section.Field("streams", &streams, "server streams at once").Range(1, 4096);
  section.Field("max_message_bytes", &max_message_bytes, "largest message taken in")
      .Range(1024, 64 * 1024 * 1024);
  section.Field("drain", &drain, "how long calls under way may take when the process stops");
  section
      .Field("max_connection_age", &max_connection_age,
             "how old a connection may become before its peer has to make another")
      .Between(absl::Seconds(10), absl::Hours(24));
  section
      .Field("max_connection_age_grace", &max_connection_age_grace,
             "how long calls under way may take then before they are cut off")
      .Between(absl::Seconds(1), absl::Hours(1));
  section.Field("auth_address", &auth_address, "where auth answers, for keys and revocations");
  config::Section& limits =
      section.Child("rate_limits", "calls a second that one actor of a tenant may make");
  limits.Field("read", &rates.read, "reads").Range(1, 1'000'000);
  limits.Field("write", &rates.write, "writes").Range(1, 1'000'000);
  limits.Field("sensitive", &rates.sensitive, "secrets, keys, members").Range(1, 1'000'000);
  limits.Field("credential", &rates.credential, "credentials exchanged").Range(1, 1'000'000);
  limits.Field("bulk", &rates.bulk, "imports and exports").Range(1, 1'000'000);
}

}  // namespace kasbah::rpc
