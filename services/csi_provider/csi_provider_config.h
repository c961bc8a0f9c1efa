#pragma once

#include <string>

#include "libs/config/config.h"

namespace kasbah::csi_provider {

// The settings of the provider, one process a node:
//
//   socket: /etc/kubernetes/secrets-store-csi-providers/kasbah.sock
//   admin_listen: 0.0.0.0:9090        /healthz, /readyz and /metrics, plaintext
//   audience: kasbah                  of the pods' tokens, as the CSIDriver object asks for them
//   tls_directory, trust_domain       its own identity, service/csi-provider
//   auth_address, vault_address
struct CsiProviderConfig {
  std::string socket = "/etc/kubernetes/secrets-store-csi-providers/kasbah.sock";
  std::string admin_listen = "0.0.0.0:9090";
  std::string audience = "kasbah";
  std::string tls_directory;
  std::string trust_domain;
  std::string auth_address;
  std::string vault_address;

  void Read(config::Section& root);
};

}  // namespace kasbah::csi_provider
