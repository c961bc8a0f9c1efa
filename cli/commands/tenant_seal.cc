#include "cli/commands/tenant_seal.h"

#include "kasbah/vault/v1/tenant_keys.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using vault::v1::TenantSeal;
using Stub = vault::v1::TenantSealService::Stub;

absl::Status ShowSeal(Invocation& run, const TenantSeal& seal) {
  return run.Show(seal, [&] {
    const bool is_kms = seal.has_aws_kms();
    return ToString({{"kind", is_kms ? "aws_kms" : "pkcs11"},
                     {"key", is_kms ? seal.aws_kms().key_arn() : seal.pkcs11().key()},
                     {"token", is_kms ? "-" : seal.pkcs11().token()},
                     {"generation", StrCat(seal.generation())},
                     {"opens", seal.opens() ? "yes" : "no"},
                     {"problem", seal.problem().empty() ? "-" : seal.problem()}});
  });
}

void AddSet(CLI::App* noun, Invocation& invocation) {
  struct Key {
    std::string arn, token, key;
  };
  auto given = std::make_shared<Key>();
  CLI::App* set = noun->add_subcommand(
      "set", "Have the tenant's keys open with this key of the tenant's alone");
  auto* arn = set->add_option("--aws-kms", given->arn, "ARN of a symmetric key of AWS KMS");
  auto* token = set->add_option("--token", given->token, "Label of a PKCS#11 token");
  auto* key = set->add_option("--key", given->key, "Label of the AES-256 key in it");
  token->needs(key);
  key->needs(token);
  token->excludes(arn);
  OnRun(set, invocation, [given](Invocation& run) -> absl::Status {
    vault::v1::SetTenantSealRequest request;
    if (!given->arn.empty()) {
      request.mutable_aws_kms()->set_key_arn(given->arn);
    } else if (!given->token.empty()) {
      request.mutable_pkcs11()->set_token(given->token);
      request.mutable_pkcs11()->set_key(given->key);
    } else {
      return absl::InvalidArgumentError("say --aws-kms ARN, or --token LABEL --key LABEL");
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const TenantSeal seal, client->Call(&Stub::SetTenantSeal, request));
    return ShowSeal(run, seal);
  });
}

}  // namespace

void AddTenantSeal(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(
      root, "tenant-seal", "A key that a tenant brings, without which its keys do not open",
      "  kasbah --tenant ten_01h… tenant-seal set --aws-kms arn:aws:kms:eu-central-1:1111…:key/…\n"
      "  kasbah --tenant ten_01h… tenant-seal set --token acme --key kasbah\n"
      "  kasbah --tenant ten_01h… tenant-seal check\n"
      "  kasbah --tenant ten_01h… tenant-seal remove");
  AddSet(noun, invocation);
  CLI::App* check = noun->add_subcommand("check", "Ask it now, and say what is wrong");
  OnRun(check, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const TenantSeal seal,
                     client->Call(&Stub::CheckTenantSeal, vault::v1::CheckTenantSealRequest()));
    return ShowSeal(run, seal);
  });
  CLI::App* remove = noun->add_subcommand("remove", "Have the keys open without it again");
  OnRun(remove, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&Stub::RemoveTenantSeal, vault::v1::RemoveTenantSealRequest()));
    return run.Show(reply, [] { return std::string("removed\n"); });
  });
}

}  // namespace kasbah::cli
