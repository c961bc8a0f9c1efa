#include "services/vault/vault_config.h"

#include "libs/http/address_guard.h"

namespace kasbah::vault {

namespace {

void ReadShares(config::Section& section, ShareOptions* shares) {
  section.Field("directory", &shares->directory, "A directory, mode 0700, shared by all replicas");
  config::Section& s3 = section.Child("s3", "A bucket of S3 or of what speaks like it");
  s3.Field("bucket", &shares->s3.bucket, "Its name");
  s3.Field("prefix", &shares->s3.prefix, "Before each key, such as kasbah/shares/");
  s3.Field("region", &shares->s3.region, "The bucket's region");
  s3.Field("endpoint", &shares->s3.endpoint, "URL to use instead of the region's own");
  s3.Field("credentials_file", &shares->s3.credentials_file, "As for aws_kms");
  config::Section& kms = section.Child("aws_kms", "A key of AWS KMS for each share");
  kms.Field("region", &shares->aws_kms.region, "Where they are made");
  kms.Field("endpoint", &shares->aws_kms.endpoint, "URL to use instead of the region's own");
  kms.Field("credentials_file", &shares->aws_kms.credentials_file, "As for aws_kms");
  const int set_up =
      !shares->directory.empty() + !shares->s3.bucket.empty() + !shares->aws_kms.region.empty();
  if (set_up != 1) {
    section.AddError("directory", "one of directory, s3.bucket and aws_kms.region is required");
  }
  if (!shares->s3.bucket.empty() && shares->s3.region.empty()) {
    s3.AddError("region", "is required beside s3.bucket");
  }
}

void ReadTenantSeals(config::Section& section, TenantSealOptions* seals) {
  config::Section& kms = section.Child("aws_kms", "Keys of AWS KMS that tenants bring");
  kms.Field("enabled", &seals->aws_kms.enabled, "Whether they may");
  kms.Field("endpoint", &seals->aws_kms.endpoint, "URL to use instead of the region's own");
  kms.Field("credentials_file", &seals->aws_kms.credentials_file, "As for aws_kms");
  config::Section& token = section.Child("pkcs11", "Keys in PKCS#11 tokens that tenants bring");
  token.Field("module", &seals->pkcs11.module, "The token maker's shared object").ReadableFile();
  token.Field("pin_directory", &seals->pkcs11.pin_directory, "Has <tenant>.pin, mode 0600");
  if (!seals->pkcs11.module.empty() && seals->pkcs11.pin_directory.empty()) {
    token.AddError("pin_directory", "is required beside pkcs11.module");
  }
}

}  // namespace

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
  ReadShares(section.Child("shares", "Where shares are: what keys need besides the database"),
             &shares);
  ReadTenantSeals(section.Child("tenant_seals", "Keys that tenants may bring"), &tenant_seals);
  service::ReadPool(section.Child("root", "The role that reads and makes root keys"), &root);
  service::ReadPool(section.Child("upkeep", "The role that sees what is due in any tenant"),
                    &upkeep);
  section.Field("allow_addresses", &allow_addresses,
                "Networks that tenants' databases may be in beside public addresses: 10.0.0.0/8");
  for (const std::string& network : allow_addresses) {
    if (const auto cidr = http::Cidr::Parse(network); !cidr.ok()) {
      section.AddError("allow_addresses", std::string(cidr.status().message()));
    }
  }
}

}  // namespace kasbah::vault
