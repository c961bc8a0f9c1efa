#include "cli/commands/keys.h"

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using vault::v1::Key;
using vault::v1::KeyService;

std::string PurposeOf(const Key& key) {
  return EnumName(*Key::Purpose_descriptor(), key.purpose());
}

}  // namespace

void AddKeys(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "keys", "A tenant's cryptographic keys; they never leave the vault",
              "  kasbah --tenant ten_01h… keys list\n"
              "  kasbah --tenant ten_01h… keys rotate secrets");
  CLI::App* list = noun->add_subcommand("list", "Every key and its newest version");
  OnRun(list, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&KeyService::Stub::ListKeys, vault::v1::ListKeysRequest()));
    return run.Show(reply, [&] {
      Table table({"KEY", "NAME", "PURPOSE", "VERSION", "SINCE"});
      for (const Key& key : reply.keys()) {
        std::string since = "-";
        for (const auto& version : key.versions()) {
          if (version.version() == key.primary_version()) {
            since = ToCell(version.create_time(), version.has_create_time());
          }
        }
        table.Add({key.key_id(), key.name(), PurposeOf(key), StrCat(key.primary_version()), since});
      }
      return table.ToString();
    });
  });
  auto name = std::make_shared<std::string>();
  CLI::App* rotate = noun->add_subcommand(
      "rotate", "Seal with a new version from now on; what older ones sealed still opens");
  rotate->add_option("key", *name, "\"secrets\", or a whole name: service/tenant-data/fields")
      ->required();
  OnRun(rotate, invocation, [name](Invocation& run) -> absl::Status {
    vault::v1::RotateKeyRequest request;
    request.set_key(*name);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Key key, client->Call(&KeyService::Stub::RotateKey, request));
    return run.Show(
        key, [&] { return StrCat(key.name(), " is at version ", key.primary_version(), "\n"); });
  });
}

}  // namespace kasbah::cli
