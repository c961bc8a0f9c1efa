#include <cstdio>
#include <optional>

#include "libs/base/strings.h"
#include "libs/config/config.h"
#include "libs/telemetry/log.h"

namespace kasbah::config {
namespace {

constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

struct CommandLine {
  std::string config;
  bool check_config = false;
  bool print_schema = false;
  bool version = false;
  bool help = false;
};

// Unset, with the reason on stderr, for arguments that it does not know.
std::optional<CommandLine> ParseArguments(int argc, char** argv, std::string_view name) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--config" && i + 1 < argc) {
      line.config = argv[++i];
    } else if (argument.starts_with("--config=") && argument.size() > 9) {
      line.config = std::string(argument.substr(9));
    } else if (argument == "--check-config") {
      line.check_config = true;
    } else if (argument == "--print-config-schema") {
      line.print_schema = true;
    } else if (argument == "--version") {
      line.version = true;
    } else if (argument == "--help" || argument == "-h") {
      line.help = true;
    } else {
      const std::string what =
          argument == "--config" ? "--config needs a file" : StrCat("unknown argument ", argument);
      std::fprintf(stderr, "%.*s: %s; see --help\n", static_cast<int>(name.size()), name.data(),
                   what.c_str());
      return std::nullopt;
    }
  }
  return line;
}

void PrintHelp(std::string_view name, std::string_view about) {
  const std::string text = StrCat(
      about, "\n\nUsage: ", name, " [--config FILE]\n\n",
      "  --config FILE          YAML settings; environment variables KASBAH_<PATH> win over it\n"
      "  --check-config         read the settings, report every error, start nothing\n"
      "  --print-config-schema  JSON Schema of the settings\n"
      "  --version\n"
      "  --help\n\n"
      "Exit status: 0 after a clean stop, 1 after a failure, 2 for a bad command line or bad "
      "settings.\n");
  std::fputs(text.c_str(), stdout);
}

}  // namespace

int Main(int argc, char** argv, std::string_view name, std::string_view about,
         const std::function<void(Section&)>& read, const std::function<absl::Status()>& run) {
  const std::optional<CommandLine> line = ParseArguments(argc, argv, name);
  if (!line) return kBadUsage;
  if (line->help) {
    PrintHelp(name, about);
    return 0;
  }
  if (line->version) {
    std::printf("%.*s %s\n", static_cast<int>(name.size()), name.data(), KASBAH_VERSION);
    return 0;
  }
  std::string log_level = "info";
  const auto read_all = [&](Section& root) {
    root.Field("log_level", &log_level, "Lines below this level are not written")
        .OneOf({"debug", "info", "warning", "error"});
    read(root);
  };
  if (line->print_schema) {
    std::fputs(Schema(read_all).c_str(), stdout);
    return 0;
  }
  if (const absl::Status loaded = Load(line->config, read_all); !loaded.ok()) {
    std::fprintf(stderr, "%s\n", std::string(loaded.message()).c_str());
    return kBadUsage;
  }
  if (line->check_config) return 0;

  telemetry::SetUpLogs(name, log_level);
  const absl::Status status = run();
  if (!status.ok()) {
    telemetry::LogError("stopped", {{"error", status.ToString()}});
  }
  telemetry::FlushLogs();
  return status.ok() ? 0 : kFailed;
}

}  // namespace kasbah::config
