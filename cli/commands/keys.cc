#include "cli/commands/keys.h"

#include "cli/commands/key_display.h"
#include "cli/commands/named_call.h"
#include "cli/commands/options.h"
#include "cli/commands/system_keys.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using vault::v1::Key;
using vault::v1::KeyService;
using Stub = KeyService::Stub;

constexpr char kKeyHelp[] = "\"secrets\", or a whole name: service/tenant-data/fields";

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* list = noun->add_subcommand("list", "Every key and its newest version");
  OnRun(list, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&Stub::ListKeys, vault::v1::ListKeysRequest()));
    return run.Show(reply, [&] { return TableOfKeys(reply.keys()); });
  });
}

struct Settings {
  std::string rotation;
  std::string destroy_delay;

  void AddTo(CLI::App* leaf) {
    leaf->add_option("--rotation", rotation, "How often it is rotated by itself: 2160h");
    leaf->add_option("--destroy-delay", destroy_delay,
                     "How long a version that is to be destroyed can be had back: 24h");
  }
};

// Fills `request`; the names of what was given go to `given`.
template <typename Request>
absl::Status FillSettings(const Settings& settings, Request* request,
                          std::vector<std::string>* given) {
  if (!settings.rotation.empty()) {
    RETURN_IF_ERROR(
        ReadDuration("--rotation", settings.rotation, request->mutable_rotation_period()));
    given->push_back("rotation_period");
  }
  if (!settings.destroy_delay.empty()) {
    RETURN_IF_ERROR(ReadDuration("--destroy-delay", settings.destroy_delay,
                                 request->mutable_version_destroy_delay()));
    given->push_back("version_destroy_delay");
  }
  return absl::OkStatus();
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string key;
    std::string purpose;
    Settings settings;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("create", "Make a service's key before its first use");
  leaf->add_option("key", options->key, "service/billing/invoices")->required();
  leaf->add_option("--purpose", options->purpose, EnumNames(*Key::Purpose_descriptor()))
      ->required();
  options->settings.AddTo(leaf);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    vault::v1::CreateKeyRequest request;
    request.set_key(options->key);
    const int purpose = EnumNumber(*Key::Purpose_descriptor(), options->purpose);
    if (purpose <= 0) {
      return absl::InvalidArgumentError(StrCat("--purpose ", options->purpose, ": say one of ",
                                               EnumNames(*Key::Purpose_descriptor())));
    }
    request.set_purpose(static_cast<Key::Purpose>(purpose));
    std::vector<std::string> given;
    RETURN_IF_ERROR(FillSettings(options->settings, &request, &given));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Key key, client->Call(&Stub::CreateKey, request));
    return run.Show(key, [&] { return DescribeKey(key); });
  });
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string key;
    Settings settings;
    uint32_t min_open_version = 0;
    std::vector<std::string> clear;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("update", "Change a key's settings");
  leaf->add_option("key", options->key, kKeyHelp)->required();
  options->settings.AddTo(leaf);
  leaf->add_option("--opens-from", options->min_open_version, "Older versions open nothing");
  leaf->add_option("--clear", options->clear, "A setting to go back to none")
      ->check(CLI::IsMember({"rotation_period", "min_open_version", "version_destroy_delay"}));
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    vault::v1::UpdateKeyRequest request;
    request.set_key(options->key);
    std::vector<std::string> given = options->clear;
    RETURN_IF_ERROR(FillSettings(options->settings, &request, &given));
    if (options->min_open_version > 0) {
      request.set_min_open_version(options->min_open_version);
      given.push_back("min_open_version");
    }
    if (given.empty()) return absl::InvalidArgumentError("say what to change: see --help");
    for (const std::string& name : given) request.mutable_update_mask()->add_paths(name);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Key key, client->Call(&Stub::UpdateKey, request));
    return run.Show(key, [&] { return DescribeKey(key); });
  });
}

void AddReferences(CLI::App* noun, Invocation& invocation) {
  auto key = std::make_shared<std::string>();
  CLI::App* leaf =
      noun->add_subcommand("references", "How many ciphertexts each version still has to open");
  leaf->add_option("key", *key, kKeyHelp)->required();
  OnRun(leaf, invocation, [key](Invocation& run) -> absl::Status {
    vault::v1::CountKeyReferencesRequest request;
    request.set_key(*key);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&Stub::CountKeyReferences, request));
    return run.Show(reply, [&] {
      Table table({"VERSION", "CIPHERTEXTS"});
      const std::map<uint32_t, uint64_t> sorted(reply.references().begin(),
                                                reply.references().end());
      for (const auto& [version, count] : sorted) table.Add({StrCat(version), StrCat(count)});
      return table.ToString();
    });
  });
}

}  // namespace

void AddKeys(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "keys", "A tenant's cryptographic keys; they never leave the vault",
              "  kasbah --tenant ten_01h… keys list\n"
              "  kasbah --tenant ten_01h… keys rotate secrets\n"
              "  kasbah --tenant ten_01h… keys update secrets --rotation 2160h\n"
              "  kasbah --tenant ten_01h… keys references secrets\n"
              "  kasbah --tenant ten_01h… keys destroy secrets --version 1\n"
              "  kasbah keys system list");
  const auto add = [&](const char* verb, const char* help, auto method) {
    AddNamedCall(noun, invocation, verb, help, {"key", kKeyHelp}, method, &DescribeKey);
  };
  AddList(noun, invocation);
  add("get", "A key and its versions", &Stub::GetKey);
  AddCreate(noun, invocation);
  AddUpdate(noun, invocation);
  add("rotate", "Seal with a new version from now on; what older ones sealed still opens",
      &Stub::RotateKey);
  AddReferences(noun, invocation);
  add("destroy", "Let nobody use a version any more, and destroy it after the key's delay",
      &Stub::DestroyKeyVersion);
  add("restore", "Call a destruction off", &Stub::RestoreKeyVersion);
  AddSystemKeys(*noun, invocation);
}

}  // namespace kasbah::cli
