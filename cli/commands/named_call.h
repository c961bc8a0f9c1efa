#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "cli/console/invocation.h"
#include "libs/base/status_macros.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// The argument that says which one: {"secret", "sec_… or its path"}.
struct NameArgument {
  const char* name;
  const char* help;
};

template <typename Request>
void SetName(const std::string& name, Request* request) {
  if constexpr (requires { request->set_secret(name); }) {
    request->set_secret(name);
  } else if constexpr (requires { request->set_key(name); }) {
    request->set_key(name);
  } else if constexpr (requires { request->set_lease_id(name); }) {
    request->set_lease_id(name);
  } else if constexpr (requires { request->set_database(name); }) {
    request->set_database(name);
  } else if constexpr (requires { request->set_workload(name); }) {
    request->set_workload(name);
  } else if constexpr (requires { request->set_path(name); }) {
    request->set_path(name);
  } else if constexpr (requires { request->set_operation_id(name); }) {
    request->set_operation_id(name);
  } else if constexpr (requires { request->set_move_id(name); }) {
    request->set_move_id(name);
  } else {
    request->set_rewrap_id(name);
  }
}

// A call that names one thing, perhaps one of its versions, and asks for nothing else that must be
// said; `describe` shows the answer.
template <typename Stub, typename Request, typename Reply>
void AddNamedCall(CLI::App* noun, Invocation& invocation, const char* verb, const char* help,
                  const NameArgument& argument,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                  std::string (*describe)(const Reply&)) {
  auto request = std::make_shared<Request>();
  CLI::App* leaf = noun->add_subcommand(verb, help);
  leaf->add_option_function<std::string>(
          argument.name, [request](const std::string& name) { SetName(name, request.get()); },
          argument.help)
      ->required();
  if constexpr (requires { request->set_version(1); }) {
    leaf->add_option_function<uint32_t>(
            "--version", [request](uint32_t version) { request->set_version(version); }, "Which")
        ->required();
  }
  if constexpr (requires { request->set_immediately(true); }) {
    leaf->add_flag_function(
        "--now", [request](int64_t) { request->set_immediately(true); },
        "At once and for good, without the secret's delay");
  }
  if constexpr (requires { request->set_force(true); }) {
    leaf->add_flag_function(
        "--force", [request](int64_t) { request->set_force(true); },
        "Whatever is still sealed with it: that is lost for good");
  }
  OnRun(leaf, invocation, [request, method, describe](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Reply reply, client->Call(method, *request));
    return run.Show(reply, [&] { return describe(reply); });
  });
}

}  // namespace kasbah::cli
