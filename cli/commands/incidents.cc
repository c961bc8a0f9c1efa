#include "cli/commands/incidents.h"

#include "cli/client/paging.h"
#include "cli/commands/options.h"
#include "kasbah/audit/v1/incidents.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using audit::v1::Incident;
using audit::v1::IncidentEntry;
using Stub = audit::v1::IncidentService::Stub;

std::string PatternText(const audit::v1::Pattern& pattern) {
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) StrAppend(&text, text.empty() ? "" : ", ", name, " ", value);
  };
  add("actor", pattern.actor_id());
  add("key", pattern.key_id());
  add("address", pattern.source_address());
  return text;
}

std::string Describe(const Incident& incident) {
  return ToString(
      {{"incident", incident.incident_id()},
       {"title", incident.title()},
       {"state", EnumName(*Incident::State_descriptor(), incident.state())},
       {"from", ToCell(incident.start_time(), incident.has_start_time())},
       {"until", ToCell(incident.end_time(), incident.has_end_time())},
       {"pattern", PatternText(incident.pattern())},
       {"detected", ToCell(incident.detected_time(), incident.has_detected_time())},
       {"due", ToCell(incident.due_time(), incident.has_due_time())},
       {"authority told", ToCell(incident.authority_time(), incident.has_authority_time())},
       {"owners told", ToCell(incident.told_time(), incident.has_told_time())},
       {"tenants", StrCat(incident.affected_tenants())},
       {"events", StrCat(incident.events())}});
}

// The call with the request that the options filled in, for the installation.
template <typename Request, typename Reply>
void OnRunSystem(CLI::App* leaf, Invocation& invocation, std::shared_ptr<Request> request,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                 std::string (*describe)(const Reply&)) {
  OnRun(leaf, invocation, [request, method, describe](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Reply reply, client->CallSystem(method, *request));
    return run.Show(reply, [&] { return describe(reply); });
  });
}

template <typename Request>
void AddId(CLI::App* leaf, const std::shared_ptr<Request>& request) {
  leaf->add_option_function<std::string>(
          "incident", [request](const std::string& id) { request->set_incident_id(id); }, "inc_…")
      ->required();
}

void AddOpen(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<audit::v1::OpenIncidentRequest>();
  auto since = std::make_shared<std::string>();
  auto until = std::make_shared<std::string>("0s");
  auto detected = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("open", "Search every trail, and start the clock");
  leaf->add_option_function<std::string>(
          "title", [request](const std::string& title) { request->set_title(title); }, "What it is")
      ->required();
  leaf->add_option("--since", *since, "From this time on: 2026-05-01T00:00:00Z, or 48h ago: 48h")
      ->required();
  leaf->add_option("--until", *until, "Before this time; otherwise now");
  leaf->add_option("--detected", *detected, "When it became known; otherwise now");
  leaf->add_option_function<std::string>(
      "--actor", [request](const std::string& id) { request->mutable_pattern()->set_actor_id(id); },
      "Who acted: usr_…, key_… or a SPIFFE path");
  leaf->add_option_function<std::string>(
      "--key", [request](const std::string& id) { request->mutable_pattern()->set_key_id(id); },
      "The key that acted or was acted on");
  leaf->add_option_function<std::string>(
      "--address",
      [request](const std::string& at) { request->mutable_pattern()->set_source_address(at); },
      "Where calls came from");
  OnRun(leaf, invocation, [request, since, until, detected](Invocation& run) -> absl::Status {
    RETURN_IF_ERROR(ReadTime("--since", *since, request->mutable_start_time()));
    RETURN_IF_ERROR(ReadTime("--until", *until, request->mutable_end_time()));
    if (!detected->empty()) {
      RETURN_IF_ERROR(ReadTime("--detected", *detected, request->mutable_detected_time()));
    }
    // Set, if only to be told that it must say something.
    request->mutable_pattern();
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Incident reply, client->CallSystem(&Stub::OpenIncident, *request));
    return run.Show(reply, [&] { return Describe(reply); });
  });
}

void AddGet(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<audit::v1::GetIncidentRequest>();
  CLI::App* leaf = noun->add_subcommand("get", "One, with its record");
  AddId(leaf, request);
  OnRunSystem(
      leaf, invocation, request, &Stub::GetIncident,
      +[](const audit::v1::GetIncidentResponse& reply) {
        Table table({"TIME", "KIND", "BY", "TEXT"});
        for (const IncidentEntry& entry : reply.entries()) {
          table.Add({ToCell(entry.make_time(), entry.has_make_time()),
                     EnumName(*IncidentEntry::Kind_descriptor(), entry.kind()), entry.made_by(),
                     entry.text()});
        }
        return StrCat(Describe(reply.incident()), "\n", table.ToString());
      });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  CLI::App* leaf = noun->add_subcommand("list", "The newest first");
  OnRunSystem(
      leaf, invocation, std::make_shared<audit::v1::ListIncidentsRequest>(), &Stub::ListIncidents,
      +[](const audit::v1::ListIncidentsResponse& reply) {
        Table table({"INCIDENT", "STATE", "TITLE", "TENANTS", "EVENTS", "DUE"});
        for (const Incident& incident : reply.incidents()) {
          table.Add({incident.incident_id(),
                     EnumName(*Incident::State_descriptor(), incident.state()), incident.title(),
                     StrCat(incident.affected_tenants()), StrCat(incident.events()),
                     ToCell(incident.due_time(), incident.has_due_time())});
        }
        return table.ToString();
      });
}

void AddTenants(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<audit::v1::ListAffectedTenantsRequest>();
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("tenants", "Whose trails show it");
  AddId(leaf, request);
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [request, limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kSystem, &Stub::ListAffectedTenants, *request,
                             &audit::v1::ListAffectedTenantsResponse::mutable_tenants, *limit));
    return run.Show(reply, [&] {
      Table table({"TENANT", "EVENTS", "FIRST", "LAST", "TOLD"});
      for (const audit::v1::AffectedTenant& tenant : reply.tenants()) {
        table.Add({tenant.tenant_id(), StrCat(tenant.events()),
                   ToCell(tenant.first_time(), tenant.has_first_time()),
                   ToCell(tenant.last_time(), tenant.has_last_time()),
                   ToCell(tenant.told_time(), tenant.has_told_time())});
      }
      return table.ToString();
    });
  });
}

void AddNotify(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<audit::v1::NotifyTenantsRequest>();
  CLI::App* leaf =
      noun->add_subcommand("notify", "Tell the owners of every affected tenant, by webhook");
  AddId(leaf, request);
  leaf->add_option_function<std::string>(
          "--message", [request](const std::string& text) { request->set_message(text); },
          "What they are told")
      ->required();
  OnRunSystem(leaf, invocation, request, &Stub::NotifyTenants, &Describe);
}

void AddNote(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<audit::v1::AddIncidentEntryRequest>();
  request->set_kind(IncidentEntry::KIND_NOTE);
  CLI::App* leaf = noun->add_subcommand("note", "Add to the record");
  AddId(leaf, request);
  leaf->add_option_function<std::string>(
          "text", [request](const std::string& text) { request->set_text(text); }, "What to note")
      ->required();
  auto* decision = leaf->add_flag_function(
      "--decision", [request](int64_t) { request->set_kind(IncidentEntry::KIND_DECISION); },
      "It is a decision");
  leaf->add_flag_function(
          "--authority-notified",
          [request](int64_t) { request->set_kind(IncidentEntry::KIND_AUTHORITY_NOTIFIED); },
          "The supervisory authority was notified: the clock stops")
      ->excludes(decision);
  OnRunSystem(
      leaf, invocation, request, &Stub::AddIncidentEntry, +[](const IncidentEntry& entry) {
        return ToString({{"kind", EnumName(*IncidentEntry::Kind_descriptor(), entry.kind())},
                         {"by", entry.made_by()},
                         {"time", ToCell(entry.make_time(), entry.has_make_time())}});
      });
}

void AddClose(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<audit::v1::CloseIncidentRequest>();
  CLI::App* leaf = noun->add_subcommand("close", "End it");
  AddId(leaf, request);
  leaf->add_option_function<std::string>(
          "--reason", [request](const std::string& text) { request->set_reason(text); }, "Why")
      ->required();
  OnRunSystem(leaf, invocation, request, &Stub::CloseIncident, &Describe);
}

}  // namespace

void AddIncidents(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "incidents", "Security incidents: whose trails show one, and the 72 hours",
              "  kasbah incidents open 'stolen laptop' --since 48h --actor usr_01h…\n"
              "  kasbah incidents tenants inc_01h…\n"
              "  kasbah incidents notify inc_01h… --message 'Secrets were read.'\n"
              "  kasbah incidents note inc_01h… 'ref. 118' --authority-notified");
  AddOpen(noun, invocation);
  AddGet(noun, invocation);
  AddList(noun, invocation);
  AddTenants(noun, invocation);
  AddNotify(noun, invocation);
  AddNote(noun, invocation);
  AddClose(noun, invocation);
}

}  // namespace kasbah::cli
