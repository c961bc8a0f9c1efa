#include "cli/console/invocation.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::cli {
namespace {

std::string StandardInput() {
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Invocation::MakeClient(const std::string& tenant) const {
  ASSIGN_OR_RETURN(const Contexts contexts, Contexts::Load());
  Client::Options options;
  ASSIGN_OR_RETURN(options.context, contexts.Find(global.context));
  options.tenant = tenant;
  options.customer = global.customer;
  options.timeout = absl::Seconds(global.timeout_seconds);
  if (const char* key = std::getenv("KASBAH_API_KEY"); key != nullptr) options.api_key = key;
  return Client::Create(std::move(options));
}

absl::StatusOr<Client*> Invocation::client() {
  if (client_ == nullptr) {
    ASSIGN_OR_RETURN(client_, MakeClient(global.tenant));
  }
  return client_.get();
}

absl::StatusOr<std::unique_ptr<Client>> Invocation::ClientFor(const std::string& tenant) {
  return MakeClient(tenant.empty() ? global.tenant : tenant);
}

absl::Status Invocation::Show(const google::protobuf::Message& reply,
                              const std::function<std::string()>& table) {
  Print(json() ? ToJson(reply) : table());
  return absl::OkStatus();
}

void OnRun(CLI::App* leaf, Invocation& invocation,
           std::function<absl::Status(Invocation&)> action) {
  leaf->callback([&invocation, action = std::move(action)] { invocation.action = action; });
}

CLI::App* AddNoun(CLI::App& root, const std::string& name, const std::string& about,
                  const std::string& examples) {
  CLI::App* noun = root.add_subcommand(name, about);
  noun->require_subcommand(1);
  noun->footer("Examples:\n" + examples);
  return noun;
}

void AddLimit(CLI::App* leaf, int* limit) {
  leaf->add_option("--limit", *limit, "How many at the most; 0 for all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  if (path == "-") return StandardInput();
  return dev::ReadFile(path);
}

absl::StatusOr<std::string> ReadSecretInput(const std::string& prompt) {
  if (isatty(STDIN_FILENO) != 1) return StandardInput();
  std::fprintf(stderr, "%s: ", prompt.c_str());
  termios shown{};
  if (tcgetattr(STDIN_FILENO, &shown) != 0) {
    return absl::FailedPreconditionError("the terminal cannot hide what is typed; use --from-file");
  }
  termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  std::string line;
  std::getline(std::cin, line);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  std::fputs("\n", stderr);
  return line;
}

}  // namespace kasbah::cli
