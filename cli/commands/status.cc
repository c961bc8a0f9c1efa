#include "cli/commands/status.h"

#include "absl/time/clock.h"
#include "kasbah/status/v1/status.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/installation.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

using status::v1::StatusService;

struct Answer {
  std::string service;
  std::string address;
  // What it answered, or why not.
  std::string text;
  absl::Duration took;
  absl::Status status;
};

Answer Ask(Client& client, const std::string& service) {
  Answer answer;
  answer.service = service;
  const auto& addresses = client.context().addresses;
  if (const auto found = addresses.find(service); found != addresses.end()) {
    answer.address = found->second;
  }
  const absl::Time start = absl::Now();
  if (client.has_api_key()) {
    const auto reply = client.CallAt(service, Client::Scope::kTenant, &StatusService::Stub::WhoAmI,
                                     status::v1::WhoAmIRequest());
    answer.status = reply.status();
    if (reply.ok()) {
      answer.text = StrCat(reply->actor_kind(), " ", reply->actor_id(), " of ", reply->tenant_id());
    }
  } else {
    const auto reply = client.CallAt(service, Client::Scope::kSystem, &StatusService::Stub::Ping,
                                     status::v1::PingRequest());
    answer.status = reply.status();
    if (reply.ok()) answer.text = reply->server();
  }
  answer.took = absl::Now() - start;
  if (!answer.status.ok()) {
    const std::string reason = ReasonOf(answer.status);
    answer.text = reason.empty() ? std::string(answer.status.message()) : reason;
  }
  return answer;
}

absl::Status Run(Invocation& run) {
  ASSIGN_OR_RETURN(Client * client, run.client());
  Table table({"SERVICE", "ADDRESS", "STATE", "MS", "ANSWER"});
  nlohmann::json json = nlohmann::json::array();
  absl::Status worst;
  for (const std::string& service : dev::ServiceNames()) {
    const Answer answer = Ask(*client, service);
    if (!answer.status.ok()) worst = answer.status;
    const std::string state = answer.status.ok() ? "ok" : "failed";
    table.Add({service, answer.address, state, StrCat(absl::ToInt64Milliseconds(answer.took)),
               answer.text});
    json.push_back({{"service", service},
                    {"address", answer.address},
                    {"ok", answer.status.ok()},
                    {"milliseconds", absl::ToInt64Milliseconds(answer.took)},
                    {"answer", answer.text}});
  }
  Print(run.json() ? json.dump(2) + "\n" : table.ToString());
  return worst;
}

}  // namespace

void AddStatus(CLI::App& root, Invocation& invocation) {
  CLI::App* leaf =
      root.add_subcommand("status", "Whether the services answer, and as whom they see us");
  leaf->footer(
      "An operator's context asks each process for its version; one with an API key asks each\n"
      "whose key it is. Ends with 2 when one of them does not answer.");
  OnRun(leaf, invocation, Run);
}

}  // namespace kasbah::cli
