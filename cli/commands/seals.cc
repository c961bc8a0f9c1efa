#include "cli/commands/seals.h"

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using vault::v1::CheckSealsResponse;
using Stub = vault::v1::SealService::Stub;

absl::Status ShowSeals(Invocation& run, const CheckSealsResponse& reply) {
  return run.Show(reply, [&] {
    Table table({"SEAL", "SET UP", "WRAPPED", "OPENED", "PROBLEM"});
    for (const auto& seal : reply.seals()) {
      table.Add({seal.name(), seal.configured() ? "yes" : "no", StrCat(seal.wrapped()),
                 seal.configured() ? StrCat(seal.opened()) : "-",
                 seal.problem().empty() ? "-" : seal.problem()});
    }
    return table.ToString();
  });
}

}  // namespace

void AddSeals(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "seals", "What opens the vault: file, PKCS#11 token, AWS KMS (operator)",
              "  kasbah seals status\n"
              "  kasbah seals check\n"
              "  kasbah seals forget file");
  CLI::App* status = noun->add_subcommand("status", "Whether the vault is sealed");
  OnRun(status, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->CallSystem(&Stub::GetSealStatus, vault::v1::GetSealStatusRequest()));
    return run.Show(reply, [&] {
      return ToString({{"sealed", reply.sealed() ? "yes" : "no"},
                       {"seals", reply.seal()},
                       {"root key version", StrCat(reply.root_key_version())}});
    });
  });
  CLI::App* check = noun->add_subcommand("check", "Have every seal open the root key now");
  OnRun(check, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->CallSystem(&Stub::CheckSeals, vault::v1::CheckSealsRequest()));
    return ShowSeals(run, reply);
  });
  auto seal = std::make_shared<std::string>();
  CLI::App* forget =
      noun->add_subcommand("forget", "Remove what a seal wrapped that is not set up any more");
  forget->add_option("seal", *seal, "file, pkcs11, aws_kms")->required();
  OnRun(forget, invocation, [seal](Invocation& run) -> absl::Status {
    vault::v1::ForgetSealRequest request;
    request.set_seal(*seal);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->CallSystem(&Stub::ForgetSeal, request));
    return ShowSeals(run, reply);
  });
}

}  // namespace kasbah::cli
