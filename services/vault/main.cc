#include <cstring>

#include "libs/config/config.h"
#include "services/vault/vault_app.h"

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--init-seal") == 0) {
    return kasbah::vault::InitSeal(argv[2]);
  }
  kasbah::vault::VaultConfig config;
  return kasbah::config::Main(
      argc, argv, "kasbah-vault",
      "Secrets, keys, and cryptography that never hands out a key. "
      "--init-seal FILE makes a seal and ends.",
      [&config](kasbah::config::Section& root) { config.Read(root); },
      [&config] { return kasbah::vault::RunVault(config); });
}
