#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client/client.h"
#include "cli/client/context.h"
#include "cli/console/output.h"
#include "cli/console/terminal.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// What can be said to any command.
struct GlobalOptions {
  std::string context;
  std::string output = "table";
  std::string tenant;
  std::string customer;
  int timeout_seconds = 30;
};

// One run of the command line: what was asked for, and what commands need to do it. Commands only
// register themselves while the line is parsed; what they do runs afterwards, once.
class Invocation {
 public:
  GlobalOptions global;
  Terminal terminal;
  // Where the other binaries are.
  std::string binaries;
  // Of a program that a command ran, which is ours then.
  int exit_code = 0;
  // Set by the command that was named.
  std::function<absl::Status(Invocation&)> action;

  bool json() const { return global.output == "json"; }

  // For the tenant that --tenant or the context names; made once.
  absl::StatusOr<Client*> client();
  // For another tenant: one that the command's argument names.
  absl::StatusOr<std::unique_ptr<Client>> ClientFor(const std::string& tenant);

  // Prints a reply as JSON, or what `table` makes of it.
  absl::Status Show(const google::protobuf::Message& reply,
                    const std::function<std::string()>& table);

 private:
  absl::StatusOr<std::unique_ptr<Client>> MakeClient(const std::string& tenant) const;

  std::unique_ptr<Client> client_;
};

// Makes `leaf` do `action`.
void OnRun(CLI::App* leaf, Invocation& invocation, std::function<absl::Status(Invocation&)> action);

// A noun: a command that only has others below it.
CLI::App* AddNoun(CLI::App& root, const std::string& name, const std::string& about,
                  const std::string& examples);

// --limit of lists.
void AddLimit(CLI::App* leaf, int* limit);

// A file's bytes; "-" is standard input.
absl::StatusOr<std::string> ReadInput(const std::string& path);

// Standard input's bytes; on a terminal one line, which is not shown while it is typed.
absl::StatusOr<std::string> ReadSecretInput(const std::string& prompt);

}  // namespace kasbah::cli
