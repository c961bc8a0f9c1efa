#include "cli/commands/audit_search.h"

#include <google/protobuf/util/json_util.h>

#include <cstdio>
#include <optional>

#include "cli/client/paging.h"
#include "cli/commands/audit_display.h"
#include "cli/commands/audit_filter.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::AuditService;
using audit::v1::Event;

void AddList(CLI::App* noun, Invocation& invocation) {
  struct Options {
    EventFilterOptions filter;
    int limit = 100;
    bool oldest_first = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("list", "Events, newest first; reading them is one itself");
  options->filter.AddTo(leaf);
  leaf->add_flag("--oldest-first", options->oldest_first, "In the order of the log");
  AddLimit(leaf, &options->limit);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    audit::v1::ListEventsRequest request;
    ASSIGN_OR_RETURN(*request.mutable_filter(), options->filter.Read());
    if (options->oldest_first) request.set_order(audit::v1::ORDER_OLDEST_FIRST);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        ListAll(*client, Client::Scope::kTenant, &AuditService::Stub::ListEvents, request,
                &audit::v1::ListEventsResponse::mutable_events, options->limit));
    return run.Show(reply, [&] {
      Table table({"SEQUENCE", "TIME", "ACTION", "OUTCOME", "BY", "TARGET"});
      for (const Event& event : reply.events()) {
        const outbox::v1::AuditEvent& what = event.event();
        table.Add({StrCat(event.sequence()), ToCell(what.occurred_at(), what.has_occurred_at()),
                   what.action(), OutcomeOf(what), ActorOf(what), what.target().id()});
      }
      return table.ToString();
    });
  });
}

// One event on a line of its own, as soon as it is here.
void PrintEvent(const Event& event, bool json) {
  if (json) {
    std::string text;
    google::protobuf::util::JsonPrintOptions print;
    print.preserve_proto_field_names = true;
    const auto printed = google::protobuf::util::MessageToJsonString(event, &text, print);
    Print(printed.ok() ? text + "\n" : "");
  } else {
    Print(LineOf(event) + "\n");
  }
  std::fflush(stdout);
}

void AddTail(CLI::App* noun, Invocation& invocation) {
  struct Options {
    EventFilterOptions filter;
    std::optional<uint64_t> from;
    uint64_t count = 0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("tail", "Events as they come; -o json: a line each");
  options->filter.AddTo(leaf, /*with_times=*/false);
  leaf->add_option("--from", options->from, "From this number on: 0 for the whole log");
  leaf->add_option("--count", options->count, "End after so many");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    audit::v1::TailEventsRequest request;
    ASSIGN_OR_RETURN(*request.mutable_filter(), options->filter.Read());
    if (options->from) request.set_from_sequence(*options->from);
    ASSIGN_OR_RETURN(Client * client, run.client());
    uint64_t shown = 0;
    uint64_t next = 0;
    const std::function<absl::Status(const audit::v1::TailEventsResponse&)> show =
        [&](const audit::v1::TailEventsResponse& reply) -> absl::Status {
      for (const Event& event : reply.events()) {
        PrintEvent(event, run.json());
        next = event.sequence() + 1;
        if (++shown == options->count) return absl::CancelledError("enough");
      }
      next = reply.next_sequence();
      return absl::OkStatus();
    };
    absl::Status status;
    do {
      status = client->Stream(&AuditService::Stub::TailEvents, request, show);
      request.set_from_sequence(next);
      // Streams have an end, tails have none.
    } while (absl::IsDeadlineExceeded(status));
    if (options->count != 0 && shown == options->count) return absl::OkStatus();
    run.terminal.Note(StrCat("to go on: kasbah audit tail --from ", next));
    return status;
  });
}

void AddCount(CLI::App* noun, Invocation& invocation) {
  auto first = std::make_shared<std::string>();
  auto last = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("count", "Events by day (UTC) and action");
  leaf->add_option("--first-day", *first, "2026-11-01; otherwise 30 days");
  leaf->add_option("--last-day", *last, "That one included; otherwise today");
  OnRun(leaf, invocation, [first, last](Invocation& run) -> absl::Status {
    audit::v1::CountEventsRequest request;
    request.set_first_day(*first);
    request.set_last_day(*last);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&AuditService::Stub::CountEvents, request));
    return run.Show(reply, [&] {
      Table table({"DAY", "ACTION", "EVENTS"});
      for (const auto& count : reply.counts()) {
        table.Add({count.day(), count.action(), StrCat(count.events())});
      }
      return table.ToString();
    });
  });
}

}  // namespace

void AddAuditSearch(CLI::App* noun, Invocation& invocation) {
  AddList(noun, invocation);
  AddTail(noun, invocation);
  AddCount(noun, invocation);
}

}  // namespace kasbah::cli
