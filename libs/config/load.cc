#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_join.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/config/section_state.h"

namespace kasbah::config {
namespace {

using internal::Reading;
using internal::SectionState;

// More is not a configuration.
constexpr size_t kMaxFileBytes = 1 << 20;

Section MakeRoot(Reading* reading, YAML::Node node) {
  auto state = std::make_unique<SectionState>();
  state->reading = reading;
  state->node = std::move(node);
  return Section(std::move(state));
}

// The document's mapping; an undefined node when the file is empty or, with a problem noted, is not
// a mapping.
YAML::Node Parse(const std::string& path, Reading* reading) {
  const YAML::Node nothing(YAML::NodeType::Undefined);
  std::error_code error;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, error)) {
    reading->Add(0, "", std::filesystem::exists(path, error) ? "cannot be read" : "no such file");
    return nothing;
  }
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    reading->Add(0, "", "is larger than 1 MiB");
    return nothing;
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      reading->Add(0, "", "holds more than one document");
      return nothing;
    }
    if (documents.empty() || documents[0].IsNull()) return nothing;
    if (!documents[0].IsMap()) {
      reading->Add(documents[0].Mark().line + 1, "", "must be a mapping of settings");
      return nothing;
    }
    return documents[0];
  } catch (const YAML::Exception& exception) {
    reading->Add(exception.mark.line + 1, "", StrCat("is not YAML: ", exception.msg));
    return nothing;
  }
}

}  // namespace

absl::Status Load(const std::string& path, const std::function<void(Section&)>& read) {
  Reading reading;
  reading.file = path;
  YAML::Node node(YAML::NodeType::Undefined);
  if (!path.empty()) node.reset(Parse(path, &reading));
  // A file that could not be read would have every required setting missing; its own problem is
  // the one to tell.
  if (reading.problems.empty()) {
    Section root = MakeRoot(&reading, node);
    read(root);
    internal::StateOf(root).CheckKeys();
  }
  if (reading.problems.empty()) return absl::OkStatus();
  std::stable_sort(
      reading.problems.begin(), reading.problems.end(),
      [](const Reading::Problem& a, const Reading::Problem& b) { return a.line < b.line; });
  return Error(
      absl::StatusCode::kInvalidArgument, "INVALID_CONFIG",
      absl::StrJoin(reading.problems, "\n", [](std::string* out, const Reading::Problem& problem) {
        out->append(problem.text);
      }));
}

std::string Schema(const std::function<void(Section&)>& read) {
  Reading reading;
  reading.schema_only = true;
  Section root = MakeRoot(&reading, YAML::Node(YAML::NodeType::Undefined));
  read(root);
  nlohmann::ordered_json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
  schema.update(internal::StateOf(root).FullSchema());
  return schema.dump(2) + "\n";
}

}  // namespace kasbah::config
