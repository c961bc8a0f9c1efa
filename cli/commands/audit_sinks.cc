#include "cli/commands/audit_sinks.h"

#include <memory>

#include "cli/client/paging.h"
#include "cli/commands/audit_sink_target.h"
#include "kasbah/audit/v1/sinks.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::Sink;
using Stub = audit::v1::SinkService::Stub;

std::string WhereOf(const Sink& sink) {
  if (sink.has_syslog()) return StrCat("syslog ", sink.syslog().host(), ":", sink.syslog().port());
  if (sink.has_http()) return sink.http().url();
  return StrCat("s3 ", sink.s3().bucket(), "/", sink.s3().prefix());
}

std::string StateOf(const Sink& sink) { return EnumName(*Sink::State_descriptor(), sink.state()); }

std::string Describe(const Sink& sink) {
  Properties properties = {
      {"sink", sink.sink_id()},
      {"name", sink.name()},
      {"to", WhereOf(sink)},
      {"state", StateOf(sink)},
      {"next sequence", StrCat(sink.next_sequence())},
      {"behind", StrCat(sink.lag_events(), " events, ", ToCell(sink.lag(), sink.has_lag()))},
      {"delivered", StrCat(sink.delivered())},
      {"refused", StrCat(sink.refused())},
      {"last success", ToCell(sink.last_success_time(), sink.has_last_success_time())}};
  if (!sink.last_error().empty()) {
    properties.emplace_back("last error",
                            StrCat(sink.last_error(), " at ",
                                   ToCell(sink.last_error_time(), sink.has_last_error_time())));
  }
  if (sink.has_next_attempt_time()) {
    properties.emplace_back("next attempt", ToCell(sink.next_attempt_time(), true));
  }
  properties.emplace_back("etag", sink.etag());
  return ToString(properties);
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    SinkOptions sink;
    std::string name;
    bool from_beginning = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("create", "Send the trail somewhere as it grows");
  leaf->add_option("name", options->name, "What it is called here")->required();
  leaf->add_flag("--from-beginning", options->from_beginning,
                 "Everything there is; otherwise from now on");
  options->sink.AddTo(leaf);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    audit::v1::CreateSinkRequest request;
    request.set_name(options->name);
    request.set_from_beginning(options->from_beginning);
    RETURN_IF_ERROR(options->sink.Fill(&request));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Sink sink, client->Call(&Stub::CreateSink, request));
    return run.Show(sink, [&] { return Describe(sink); });
  });
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    SinkOptions sink;
    std::string id;
    std::string name;
    std::string etag;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand(
      "update", "Replace name, filter and target; the cursor stays, and so does the secret");
  leaf->add_option("sink_id", options->id, "snk_…")->required();
  leaf->add_option("--name", options->name, "What it is called here")->required();
  leaf->add_option("--etag", options->etag, "Only if it is still this one");
  options->sink.AddTo(leaf);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    audit::v1::UpdateSinkRequest request;
    request.set_sink_id(options->id);
    request.set_name(options->name);
    request.set_etag(options->etag);
    RETURN_IF_ERROR(options->sink.Fill(&request));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Sink sink, client->Call(&Stub::UpdateSink, request));
    return run.Show(sink, [&] { return Describe(sink); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("list", "Every sink, and how far each has come");
  OnRun(leaf, invocation, [](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&Stub::ListSinks, audit::v1::ListSinksRequest()));
    return run.Show(reply, [&] {
      Table table({"SINK", "NAME", "STATE", "NEXT", "BEHIND", "REFUSED", "LAST ERROR", "TO"});
      for (const Sink& sink : reply.sinks()) {
        table.Add({sink.sink_id(), sink.name(), StateOf(sink), StrCat(sink.next_sequence()),
                   StrCat(sink.lag_events()), StrCat(sink.refused()),
                   sink.last_error().empty() ? "-" : sink.last_error(), WhereOf(sink)});
      }
      return table.ToString();
    });
  });
}

// A call that takes a sink's id and nothing else.
template <typename Request, typename Reply>
void AddCall(CLI::App* noun, Invocation& invocation, const char* verb, const char* help,
             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
             std::string (*describe)(const Reply&)) {
  auto request = std::make_shared<Request>();
  CLI::App* leaf = noun->add_subcommand(verb, help);
  leaf->add_option_function<std::string>(
          "sink_id", [request](const std::string& id) { request->set_sink_id(id); }, "snk_…")
      ->required();
  OnRun(leaf, invocation, [request, method, describe](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Reply reply, client->Call(method, *request));
    return run.Show(reply, [&] { return describe(reply); });
  });
}

void AddRefused(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf =
      noun->add_subcommand("refused", "Events that the receiver refused for good, newest first");
  leaf->add_option("sink_id", *id, "snk_…")->required();
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [id, limit](Invocation& run) -> absl::Status {
    audit::v1::ListRefusedEventsRequest request;
    request.set_sink_id(*id);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &Stub::ListRefusedEvents, request,
                             &audit::v1::ListRefusedEventsResponse::mutable_events, *limit));
    return run.Show(reply, [&] {
      Table table({"SEQUENCE", "REASON", "TIME"});
      for (const audit::v1::RefusedEvent& event : reply.events()) {
        table.Add(
            {StrCat(event.sequence()), event.reason(), ToCell(event.time(), event.has_time())});
      }
      return table.ToString();
    });
  });
}

}  // namespace

void AddAuditSinks(CLI::App& audit, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(audit, "sinks", "Where the trail is sent as it grows",
              "  kasbah audit sinks create splunk --http https://splunk.example.com:8088/services/"
              "collector/event \\\n"
              "      --shape splunk_hec --secret-file header.txt\n"
              "  kasbah audit sinks create syslog --syslog logs.example.com:6514 --ca ca.pem\n"
              "  kasbah audit sinks create archive --s3 trail --region eu-central-1 \\\n"
              "      --access-key-id AKIA… --secret-file key.txt --from-beginning\n"
              "  kasbah audit sinks test snk_01h…\n"
              "  kasbah audit sinks list");
  AddCreate(noun, invocation);
  AddList(noun, invocation);
  AddCall(noun, invocation, "get", "One sink: its state, its lag, what went wrong last",
          &Stub::GetSink, Describe);
  AddUpdate(noun, invocation);
  AddCall(
      noun, invocation, "test", "Send one made-up event and say what came of it", &Stub::TestSink,
      +[](const audit::v1::TestSinkResponse& reply) {
        return reply.accepted() ? std::string("accepted\n")
                                : StrCat("not accepted: ", reply.error(), "\n");
      });
  AddCall(noun, invocation, "pause", "Send nothing until it is resumed", &Stub::PauseSink,
          Describe);
  AddCall(noun, invocation, "resume", "Go on from where it is, at once", &Stub::ResumeSink,
          Describe);
  AddRefused(noun, invocation);
  AddCall(
      noun, invocation, "delete", "Send nothing more and forget cursor and secret",
      &Stub::DeleteSink,
      +[](const audit::v1::DeleteSinkResponse&) { return std::string("deleted\n"); });
}

}  // namespace kasbah::cli
