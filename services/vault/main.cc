#include <cstring>

#include "libs/config/config.h"
#include "services/vault/vault_app.h"

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--init-seal") == 0) {
    return kasbah::vault::InitSeal(argv[2]);
  }
  if (argc == 6 && std::strcmp(argv[1], "--init-pkcs11") == 0) {
    return kasbah::vault::InitPkcs11(argv + 2);
  }
  kasbah::vault::VaultConfig config;
  return kasbah::config::Main(
      argc, argv, "kasbah-vault",
      "Secrets, keys, and cryptography that never hands out a key. "
      "--init-seal FILE makes a seal and ends; --init-pkcs11 MODULE TOKEN PIN_FILE KEY makes one "
      "in "
      "a PKCS#11 token.",
      [&config](kasbah::config::Section& root) { config.Read(root); },
      [&config] { return kasbah::vault::RunVault(config); });
}
