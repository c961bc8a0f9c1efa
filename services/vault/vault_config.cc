#include "services/vault/vault_config.h"

namespace kasbah::vault {

void VaultConfig::Read(config::Section& section) {
  service.Read(section);
  section.Field("seal_file", &seal_file,
                "File with the 32 byte seal key, mode 0600; kasbah-vault --init-seal makes one");
  config::Section& token = section.Child("pkcs11", "A seal that is a key in a PKCS#11 token");
  token.Field("module", &pkcs11.module, "The token maker's shared object").ReadableFile();
  token.Field("token", &pkcs11.token, "Label of the token");
  token.Field("pin_file", &pkcs11.pin_file, "File with the user's PIN, mode 0600");
  token.Field("key", &pkcs11.key, "Label of the AES-256 key; kasbah-vault --init-pkcs11 makes one");
  if (!pkcs11.module.empty()) {
    if (pkcs11.token.empty()) token.AddError("token", "is required beside pkcs11.module");
    if (pkcs11.pin_file.empty()) token.AddError("pin_file", "is required beside pkcs11.module");
  }
  if (seal_file.empty() && pkcs11.module.empty()) {
    section.AddError("seal_file", "is required, unless pkcs11.module is there");
  }
  service::ReadPool(section.Child("root", "The role that reads and makes root keys"), &root);
  service::ReadPool(section.Child("upkeep", "The role that sees what is due in any tenant"),
                    &upkeep);
}

}  // namespace kasbah::vault
