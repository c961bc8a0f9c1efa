#include "cli/commands/audit_retention.h"

#include <filesystem>
#include <system_error>

#include "cli/client/audit_bundle.h"
#include "cli/client/paging.h"
#include "kasbah/audit/v1/retention.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::Archive;
using audit::v1::Retention;
using Stub = audit::v1::RetentionService::Stub;

std::string Describe(const Retention& retention) {
  return ToString({{"days", StrCat(retention.days(), retention.is_own() ? "" : " (default)")},
                   {"from", StrCat(retention.minimum_days(), " to ", retention.maximum_days())},
                   {"log begins at", StrCat(retention.first_sequence())}});
}

absl::StatusOr<audit::v1::ListArchivesResponse> ListThem(Client& client, int limit) {
  return ListAll(client, Client::Scope::kTenant, &Stub::ListArchives,
                 audit::v1::ListArchivesRequest(),
                 &audit::v1::ListArchivesResponse::mutable_archives, limit);
}

void AddShow(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("show", "How long the trail is kept");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Retention reply,
                     client->Call(&Stub::GetRetention, audit::v1::GetRetentionRequest()));
    return run.Show(reply, [&] { return Describe(reply); });
  });
}

void AddSet(CLI::App* noun, Invocation& invocation) {
  auto days = std::make_shared<uint32_t>(0);
  CLI::App* leaf = noun->add_subcommand("set", "Choose it");
  leaf->add_option("days", *days, "Events stay this long, and until their month is past it")
      ->required();
  OnRun(leaf, invocation, [days](Invocation& run) -> absl::Status {
    audit::v1::SetRetentionRequest request;
    request.set_days(*days);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Retention reply, client->Call(&Stub::SetRetention, request));
    return run.Show(reply, [&] { return Describe(reply); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Bundles, oldest first");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, ListThem(*client, *limit));
    return run.Show(reply, [&] {
      Table table({"NAME", "EVENTS", "FROM", "TO", "BYTES", "WRITTEN", "PRUNED"});
      for (const Archive& archive : reply.archives()) {
        table.Add({archive.name(), StrCat(archive.past_sequence() - archive.first_sequence()),
                   ToCell(archive.first_time(), archive.has_first_time()),
                   ToCell(archive.last_time(), archive.has_last_time()),
                   StrCat(archive.events_bytes() + archive.personal_bytes()),
                   ToCell(archive.write_time(), archive.has_write_time()),
                   ToCell(archive.prune_time(), archive.has_prune_time())});
      }
      return table.ToString();
    });
  });
}

void AddDownload(CLI::App* noun, Invocation& invocation) {
  auto name = std::make_shared<std::string>();
  auto directory = std::make_shared<std::string>(".");
  CLI::App* leaf = noun->add_subcommand("download", "A bundle's events, personal values, manifest");
  leaf->add_option("name", *name, "2025-03-1200")->required();
  leaf->add_option("--directory", *directory, "Where to")->capture_default_str();
  OnRun(leaf, invocation, [name, directory](Invocation& run) -> absl::Status {
    std::error_code made;
    std::filesystem::create_directories(*directory, made);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, ListThem(*client, 0));
    for (const Archive& archive : reply.archives()) {
      if (archive.name() != *name) continue;
      ASSIGN_OR_RETURN(const std::string path, DownloadBundle(*client, archive, *directory));
      run.terminal.Note(StrCat(path, ".events.jsonl, .personal.jsonl and .manifest"));
      return absl::OkStatus();
    }
    return absl::NotFoundError(StrCat("there is no bundle ", *name));
  });
}

void AddVerify(CLI::App* noun, Invocation& invocation) {
  auto path = std::make_shared<std::string>();
  auto key = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("verify", "Check a downloaded bundle, offline");
  leaf->add_option("path", *path, "What its three files begin with: ./2025-03-1200")->required();
  leaf->add_option("--key", *key, "The log's verifier key (name+hash+base64), or a file with it")
      ->required();
  OnRun(leaf, invocation, [path, key](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const TrailVerdict verdict, VerifyBundle(*path, *key));
    if (!verdict.ok) return absl::DataLossError(StrCat(*path, ": ", verdict.text));
    Print(StrCat(run.terminal.Styled(Terminal::Style::kGood, "OK"), ": ", verdict.text, "\n"));
    return absl::OkStatus();
  });
}

}  // namespace

void AddRetention(CLI::App* audit, Invocation& invocation) {
  CLI::App* noun = audit->add_subcommand("retention", "How long the trail is kept");
  noun->require_subcommand(1);
  AddShow(noun, invocation);
  AddSet(noun, invocation);
}

void AddArchives(CLI::App* audit, Invocation& invocation) {
  CLI::App* noun = audit->add_subcommand("archives", "Bundles of what is past its retention");
  noun->require_subcommand(1);
  AddList(noun, invocation);
  AddDownload(noun, invocation);
  AddVerify(noun, invocation);
}

}  // namespace kasbah::cli
