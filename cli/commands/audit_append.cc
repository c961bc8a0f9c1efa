#include "cli/commands/audit_append.h"

#include <google/protobuf/util/json_util.h>

#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "cli/commands/audit_display.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::AppendEventsRequest;
using audit::v1::AppendEventsResponse;
using audit::v1::AuditService;

constexpr int kBatch = 500;

// Of `text`, each line an ApplicationEvent in the proto's JSON; `file` is for messages.
absl::StatusOr<std::vector<AppendEventsRequest>> ReadBatches(const std::string& file,
                                                             const std::string& text) {
  std::vector<AppendEventsRequest> batches;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    if (batches.empty() || batches.back().events_size() == kBatch) batches.emplace_back();
    const auto parsed = google::protobuf::util::JsonStringToMessage({line.data(), line.size()},
                                                                    batches.back().add_events());
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          StrCat(file, ": line ", number, " is no event: ", parsed.message().ToString()));
    }
  }
  return batches;
}

}  // namespace

void AddAuditAppend(CLI::App* noun, Invocation& invocation) {
  auto file = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("append", "Events of your own applications, JSON Lines");
  leaf->add_option("file", *file, "A line for each event; - for standard input")->required();
  leaf->footer(
      "Takes an API key or a registered program. What was sent before is known by its\n"
      "client_event_id and not logged again, so a run that broke off is simply repeated.\n\n"
      "  {\"client_event_id\": \"inv-7-paid\", \"action\": \"app.invoice.paid\",\n"
      "   \"actor\": {\"kind\": \"customer\", \"id\": \"c-17\"}, \"target\": {\"id\": \"inv-7\"}}");
  OnRun(leaf, invocation, [file](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string text, ReadInput(*file));
    ASSIGN_OR_RETURN(const std::vector<AppendEventsRequest> batches, ReadBatches(*file, text));
    ASSIGN_OR_RETURN(Client * client, run.client());
    AppendEventsResponse all;
    for (const AppendEventsRequest& batch : batches) {
      ASSIGN_OR_RETURN(const AppendEventsResponse reply,
                       client->Call(&AuditService::Stub::AppendEvents, batch));
      all.MergeFrom(reply);
    }
    return run.Show(all, [&] { return DescribeAppended(all); });
  });
}

}  // namespace kasbah::cli
