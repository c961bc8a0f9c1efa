#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace kasbah::config {

class Section;
namespace internal {
struct SectionState;
struct SettingState;
SectionState& StateOf(Section& section);
}  // namespace internal

// One named value of a section, for the checks that follow its name. Checks look at a value that
// was given; a default is the program's own business.
class Setting {
 public:
  // An error when neither file nor environment has it.
  Setting& Required();
  // For numbers.
  Setting& Range(int64_t low, int64_t high);
  // For text, and for every element of a list.
  Setting& OneOf(std::vector<std::string> choices);
  // For durations.
  Setting& Between(absl::Duration low, absl::Duration high);
  // The text names a file, or a directory, that can be read.
  Setting& ReadableFile();
  Setting& Directory();

 private:
  friend class Section;
  explicit Setting(internal::SettingState* state) : state_(state) {}
  internal::SettingState* state_;
};

// One mapping of a YAML file while it is read into a struct: every setting is named once, with its
// default standing in the struct and a sentence for people. Whatever the file holds beyond what was
// named is an error, and all errors are reported together.
//
//   void VaultConfig::Read(config::Section& root) {
//     root.Field("seal_file", &seal_file, "File with the 32 byte seal key, mode 0600").Required();
//     server.Read(root.Child("server"));
//   }
//
// Every field can also come from the environment: KASBAH_<PATH>, upper case, "__" between levels
// (KASBAH_SERVER__LISTEN), lists separated by commas; the environment wins.
class Section {
 public:
  // Text must be text: a bare number or true is refused and wants quotes.
  Setting Field(std::string_view name, std::string* value, std::string_view help);
  Setting Field(std::string_view name, bool* value, std::string_view help);
  Setting Field(std::string_view name, int* value, std::string_view help);
  Setting Field(std::string_view name, int64_t* value, std::string_view help);
  // "250ms", "10s", "5m"; finite and not negative.
  Setting Field(std::string_view name, absl::Duration* value, std::string_view help);
  Setting Field(std::string_view name, std::vector<std::string>* value, std::string_view help);
  Setting Field(std::string_view name, std::vector<absl::Duration>* value, std::string_view help);
  // A mapping below this one; lives as long as this section.
  Section& Child(std::string_view name, std::string_view help = "");
  // A list of mappings, "clusters: [{…}, {…}]": a section for each that the file has, in its order;
  // one while a schema is made. Their paths are "clusters.0" and so on; they live as long as this
  // section.
  std::vector<Section*> Items(std::string_view name, std::string_view help);
  // A value whose names were read but that does not hold together.
  void AddError(std::string_view field, std::string_view what);

  explicit Section(std::unique_ptr<internal::SectionState> state);
  ~Section();

 private:
  friend internal::SectionState& internal::StateOf(Section& section);
  std::unique_ptr<internal::SectionState> state_;
};

// Reads `path` (may be empty: environment and defaults only) with `read`. INVALID_ARGUMENT listing
// every problem, one a line, with file, line and path ("vault.yaml:7: server.listen: must be
// text"): unknown or repeated key, wrong type, missing required, out of range; or that the file
// cannot be read or is not YAML.
absl::Status Load(const std::string& path, const std::function<void(Section&)>& read);

// JSON Schema (2020-12) of what `read` names, for --print-config-schema.
std::string Schema(const std::function<void(Section&)>& read);

// main() of every process: --config FILE, --check-config, --print-config-schema, --version, --help;
// loads; sets up logs at the level of the setting `log_level`, which every process has; then `run`.
// Exit 0; 2 for a bad command line or config, with every error on stderr and nothing started; 1
// when `run` fails, with its error.
int Main(int argc, char** argv, std::string_view name, std::string_view about,
         const std::function<void(Section&)>& read, const std::function<absl::Status()>& run);

}  // namespace kasbah::config
