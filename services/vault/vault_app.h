#pragma once

#include "absl/status/status.h"
#include "services/vault/vault_config.h"

namespace kasbah::vault {

// Builds the vault and serves until SIGTERM or SIGINT. Runs sealed, refusing every call that needs
// a key, for as long as the seal cannot be used.
absl::Status RunVault(const VaultConfig& config);

// The --init-seal option: makes the seal file, and says what went wrong on stderr. An exit code.
int InitSeal(const char* path);
// The --init-pkcs11 option: makes the seal's key in a token. Module, token, PIN file, key.
int InitPkcs11(const char* const* arguments);

}  // namespace kasbah::vault
