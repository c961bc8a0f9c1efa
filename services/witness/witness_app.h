#pragma once

#include "absl/status/status.h"
#include "services/witness/witness_config.h"

namespace kasbah::witness {

// Builds kasbah-witness and serves until it is told to stop.
absl::Status RunWitness(const WitnessConfig& config);

// kasbah-witness keygen NAME KEY_FILE STATE_DIRECTORY: makes a new witness, prints its verifier
// key, and returns the exit code.
int MakeWitness(const char* name, const char* key_file, const char* state_directory);

}  // namespace kasbah::witness
