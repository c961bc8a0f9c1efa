#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/config/config.h"
#include "libs/merkle/note.h"

namespace kasbah::witness {

// The settings of kasbah-witness.
struct WitnessConfig {
  std::string listen = "127.0.0.1:9600";
  // Plaintext, for probes and metrics: /healthz, /readyz, /metrics. Not the log's business.
  std::string admin_listen = "127.0.0.1:9690";
  std::string key_file;
  std::string state_directory;
  // By origin, the keys that may sign its checkpoints.
  std::map<std::string, std::vector<merkle::VerifierKey>> logs;

  void Read(config::Section& root);
};

}  // namespace kasbah::witness
