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
  config::Section& kms = section.Child("aws_kms", "A seal that is a key in AWS KMS");
  kms.Field("key_id", &aws_kms.key_id, "ARN, id or alias of a symmetric key");
  kms.Field("region", &aws_kms.kms.region, "The key's region, such as eu-central-1");
  kms.Field("endpoint", &aws_kms.kms.endpoint, "URL to use instead of the region's own");
  kms.Field("credentials_file", &aws_kms.kms.credentials_file,
            "Like ~/.aws/credentials, mode 0600; otherwise AWS_ACCESS_KEY_ID and so on");
  if (!aws_kms.key_id.empty() && aws_kms.kms.region.empty()) {
    kms.AddError("region", "is required beside aws_kms.key_id");
  }
  if (seal_file.empty() && pkcs11.module.empty() && aws_kms.key_id.empty()) {
    section.AddError("seal_file", "is required, unless pkcs11.module or aws_kms.key_id is there");
  }
  service::ReadPool(section.Child("root", "The role that reads and makes root keys"), &root);
  service::ReadPool(section.Child("upkeep", "The role that sees what is due in any tenant"),
                    &upkeep);
}

}  // namespace kasbah::vault
