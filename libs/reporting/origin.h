#pragma once

#include <string>

namespace kasbah::reporting {

// Who reports: said of every batch of spans and every error. No host, no address.
struct Origin {
  // "kasbah-vault" and "0.1.0".
  std::string service = {};
  std::string version = {};
  // "production"; empty: not said.
  std::string environment = {};
  // Made up when the process starts, so that replicas can be told apart.
  std::string instance = {};
};

}  // namespace kasbah::reporting
