#include "cli/commands/system_keys.h"

#include "cli/commands/key_display.h"
#include "cli/commands/options.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/base/status_macros.h"

namespace kasbah::cli {
namespace {

using vault::v1::Key;
using Stub = vault::v1::SystemKeyService::Stub;

constexpr char kKeyHelp[] = "Its whole name, as list shows it: service/auth/assertion-certificates";

template <typename Request>
absl::Status CallAndDescribe(Invocation& run,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Key*),
                             const Request& request) {
  ASSIGN_OR_RETURN(Client * client, run.client());
  ASSIGN_OR_RETURN(const Key key, client->CallSystem(method, request));
  return run.Show(key, [&] { return DescribeKey(key); });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("list", "Every one and its newest version");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->CallSystem(&Stub::ListSystemKeys, vault::v1::ListSystemKeysRequest()));
    return run.Show(reply, [&] { return TableOfKeys(reply.keys()); });
  });
}

void AddRotate(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<vault::v1::RotateSystemKeyRequest>();
  CLI::App* leaf = noun->add_subcommand(
      "rotate", "Seal and sign with a new version from now on; what older ones did still holds");
  leaf->add_option_function<std::string>(
          "key", [request](const std::string& key) { request->set_key(key); }, kKeyHelp)
      ->required();
  OnRun(leaf, invocation, [request](Invocation& run) {
    return CallAndDescribe(run, &Stub::RotateSystemKey, *request);
  });
}

void AddSchedule(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string key;
    std::string every;
    bool by_hand = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("schedule", "Say how often it is rotated by itself");
  leaf->add_option("key", options->key, kKeyHelp)->required();
  CLI::Option* every =
      leaf->add_option("--every", options->every, "Counted from the newest version: 2160h");
  leaf->add_flag("--by-hand", options->by_hand, "Not by itself any more")->excludes(every);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    vault::v1::SetSystemKeyRotationRequest request;
    request.set_key(options->key);
    if (!options->by_hand && options->every.empty()) {
      return absl::InvalidArgumentError("say how often, --every 2160h, or --by-hand");
    }
    if (!options->by_hand) {
      RETURN_IF_ERROR(ReadDuration("--every", options->every, request.mutable_rotation_period()));
    }
    return CallAndDescribe(run, &Stub::SetSystemKeyRotation, request);
  });
}

}  // namespace

void AddSystemKeys(CLI::App& keys, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(keys, "system", "The installation's own keys, which belong to no tenant (operators)",
              "  kasbah keys system list\n"
              "  kasbah keys system rotate service/auth/assertion-certificates\n"
              "  kasbah keys system schedule service/audit/checkpoint-key --every 2160h");
  AddList(noun, invocation);
  AddRotate(noun, invocation);
  AddSchedule(noun, invocation);
}

}  // namespace kasbah::cli
