#include "cli/commands/webhooks.h"

#include "absl/strings/str_join.h"
#include "cli/client/paging.h"
#include "cli/client/struct_json.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using webhook::v1::Attempt;
using webhook::v1::Delivery;
using webhook::v1::DeliveryService;
using webhook::v1::Endpoint;
using webhook::v1::EndpointService;

std::string TypesOf(const Endpoint& endpoint) {
  return endpoint.event_types().empty() ? "all" : absl::StrJoin(endpoint.event_types(), ",");
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<webhook::v1::CreateEndpointRequest>();
  CLI::App* leaf =
      noun->add_subcommand("create", "Send changes to an address; its secret is printed once");
  leaf->add_option_function<std::string>(
          "url", [request](const std::string& url) { request->set_url(url); }, "https://…")
      ->required();
  leaf->add_option_function<std::vector<std::string>>(
      "--event-type",
      [request](const std::vector<std::string>& types) {
        for (const std::string& type : types) request->add_event_types(type);
      },
      "record.created, or record.*; may be repeated; all when left out");
  leaf->add_option_function<std::string>(
      "--description", [request](const std::string& text) { request->set_description(text); },
      "What it is for");
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&EndpointService::Stub::CreateEndpoint, *request));
    if (run.json()) return run.Show(reply, [] { return std::string(); });
    run.terminal.Note(
        StrCat("endpoint ", reply.endpoint().endpoint_id(),
               "; it verifies deliveries with this secret, which is not shown again:"));
    Print(reply.secret() + "\n");
    return absl::OkStatus();
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Every endpoint");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &EndpointService::Stub::ListEndpoints,
                             webhook::v1::ListEndpointsRequest(),
                             &webhook::v1::ListEndpointsResponse::mutable_endpoints, *limit));
    return run.Show(reply, [&] {
      Table table({"ENDPOINT", "EVENTS", "CREATED", "URL", "DESCRIPTION"});
      for (const Endpoint& endpoint : reply.endpoints()) {
        table.Add({endpoint.endpoint_id(), TypesOf(endpoint),
                   ToCell(endpoint.create_time(), endpoint.has_create_time()), endpoint.url(),
                   endpoint.description()});
      }
      return table.ToString();
    });
  });
}

void AddDelete(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("delete", "Send nothing more; what waits is dropped");
  leaf->add_option("endpoint_id", *id, "ep_…")->required();
  OnRun(leaf, invocation, [id](Invocation& run) -> absl::Status {
    webhook::v1::DeleteEndpointRequest request;
    request.set_endpoint_id(*id);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&EndpointService::Stub::DeleteEndpoint, request));
    return run.Show(reply, [&] { return StrCat("deleted ", *id, "\n"); });
  });
}

void AddDeliveries(CLI::App* noun, Invocation& invocation) {
  auto endpoint = std::make_shared<std::string>();
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("deliveries", "What is or was to be sent, newest first");
  leaf->add_option("--endpoint", *endpoint, "ep_…: only this one's");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [endpoint, limit](Invocation& run) -> absl::Status {
    webhook::v1::ListDeliveriesRequest request;
    request.set_endpoint_id(*endpoint);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        ListAll(*client, Client::Scope::kTenant, &DeliveryService::Stub::ListDeliveries, request,
                &webhook::v1::ListDeliveriesResponse::mutable_deliveries, *limit));
    return run.Show(reply, [&] {
      Table table({"MESSAGE", "EVENT", "STATE", "ATTEMPTS", "CREATED", "NEXT ATTEMPT", "ENDPOINT"});
      for (const Delivery& delivery : reply.deliveries()) {
        table.Add({delivery.message_id(), delivery.event_type(),
                   EnumName(*Delivery::State_descriptor(), delivery.state()),
                   StrCat(delivery.attempts()),
                   ToCell(delivery.create_time(), delivery.has_create_time()),
                   ToCell(delivery.next_attempt_time(), delivery.has_next_attempt_time()),
                   delivery.endpoint_id()});
      }
      return table.ToString();
    });
  });
}

void AddAttempts(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<webhook::v1::ListAttemptsRequest>();
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("attempts", "Each try and what came of it, newest first");
  leaf->add_option_function<std::string>(
      "--endpoint", [request](const std::string& id) { request->set_endpoint_id(id); }, "ep_…");
  leaf->add_option_function<std::string>(
      "--message", [request](const std::string& id) { request->set_message_id(id); }, "msg_…");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [request, limit](Invocation& run) -> absl::Status {
    if (request->endpoint_id().empty() && request->message_id().empty()) {
      return absl::InvalidArgumentError("say --endpoint or --message");
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        ListAll(*client, Client::Scope::kTenant, &DeliveryService::Stub::ListAttempts, *request,
                &webhook::v1::ListAttemptsResponse::mutable_attempts, *limit));
    return run.Show(reply, [&] {
      Table table({"MESSAGE", "NUMBER", "TIME", "STATUS", "ERROR", "MS"});
      for (const Attempt& attempt : reply.attempts()) {
        table.Add({attempt.message_id(), StrCat(attempt.number()),
                   ToCell(attempt.time(), attempt.has_time()),
                   attempt.http_status() == 0 ? "-" : StrCat(attempt.http_status()),
                   attempt.error().empty() ? "-" : attempt.error(), StrCat(attempt.duration_ms())});
      }
      return table.ToString();
    });
  });
}

void AddSend(CLI::App* noun, Invocation& invocation) {
  struct Options {
    webhook::v1::CreateMessageRequest request;
    // A file, or - for standard input: what may hold a secret is never an argument.
    std::string file;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("send", "Send an event of your own to the endpoints");
  const auto set = [&](const char* name, auto setter, const char* help) {
    return leaf->add_option_function<std::string>(
        name, [options, setter](const std::string& value) { setter(options->request, value); },
        help);
  };
  set(
      "event_type", [](auto& r, const std::string& v) { r.set_event_type(v); }, "deploy.finished")
      ->required();
  leaf->add_option("-f,--file", options->file, "A JSON object; - for standard input")->required();
  set(
      "--resource", [](auto& r, const std::string& v) { r.set_resource_id(v); },
      "What it is about, in your own words");
  set(
      "--request-id", [](auto& r, const std::string& v) { r.set_request_id(v); },
      "The same again sends nothing twice");
  set(
      "--move-to-vault", [](auto& r, const std::string& v) { r.set_move_to_vault(v); },
      "A path: values named like secrets become secrets below it, instead of being taken out");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string text, ReadInput(options->file));
    ASSIGN_OR_RETURN(*options->request.mutable_data(), ParseStruct(text));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        client->Call(&webhook::v1::MessageService::Stub::CreateMessage, options->request));
    return run.Show(reply, [&] {
      Properties properties = {{"event", reply.event_id()}};
      for (const std::string& path : reply.stripped_paths()) {
        properties.emplace_back("taken out", path);
      }
      for (const auto& moved : reply.moved()) {
        properties.emplace_back("moved", StrCat(moved.path(), " to ", moved.secret_id()));
      }
      return ToString(properties);
    });
  });
}

}  // namespace

void AddWebhooks(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "webhooks", "Where a tenant's changes are sent (API key)",
              "  kasbah webhooks create https://example.com/hooks --event-type 'record.*'\n"
              "  kasbah webhooks deliveries --limit 10\n"
              "  kasbah webhooks attempts --message msg_01h…");
  AddCreate(noun, invocation);
  AddSend(noun, invocation);
  AddList(noun, invocation);
  AddDelete(noun, invocation);
  AddDeliveries(noun, invocation);
  AddAttempts(noun, invocation);
}

}  // namespace kasbah::cli
