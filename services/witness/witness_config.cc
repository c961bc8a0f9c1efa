#include "services/witness/witness_config.h"

namespace kasbah::witness {

void WitnessConfig::Read(config::Section& root) {
  root.Field("listen", &listen, "address of the HTTP listener; HTTPS is a proxy's before it");
  root.Field("admin_listen", &admin_listen,
             "address of the listener for /healthz, /readyz and /metrics");
  root.Field("key_file", &key_file, "private key that keygen made, mode 0600").Required();
  root.Field("state_directory", &state_directory, "directory that keygen made").Required();
  const auto items = root.Items("logs", "logs whose checkpoints are cosigned");
  for (config::Section* item : items) {
    std::string verifier_key;
    std::string origin;
    item->Field("verifier_key", &verifier_key, "key of the log: name+hash+base64").Required();
    item->Field("origin", &origin, "the log's origin, where it is not the key's name");
    if (verifier_key.empty()) continue;
    auto key = merkle::VerifierKey::Parse(verifier_key);
    if (!key.ok()) {
      item->AddError("verifier_key", std::string(key.status().message()));
      continue;
    }
    if (origin.empty()) origin = key->name();
    logs[origin].push_back(*std::move(key));
  }
}

}  // namespace kasbah::witness
