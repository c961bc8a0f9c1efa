#include "services/vault/vault_config.h"

namespace kasbah::vault {

void VaultConfig::Read(config::Section& section) {
  service.Read(section);
  section
      .Field("seal_file", &seal_file,
             "File with the 32 byte seal key, mode 0600; kasbah-vault --init-seal makes one")
      .Required();
  service::ReadPool(section.Child("root", "The role that reads and makes root keys"), &root);
  service::ReadPool(section.Child("upkeep", "The role that sees what is due in any tenant"),
                    &upkeep);
}

}  // namespace kasbah::vault
