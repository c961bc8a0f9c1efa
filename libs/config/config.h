#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace kasbah::config {

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
// (KASBAH_SERVER__LISTEN); the environment wins.
class Section {
 public:
  class Field_ {
   public:
    // An error when neither file nor environment has it.
    Field_& Required();
    Field_& Range(int64_t low, int64_t high);
    Field_& OneOf(std::vector<std::string> choices);

   private:
    friend class Section;
    Section* section_ = nullptr;
    size_t index_ = 0;
  };

  Field_ Field(std::string_view name, std::string* value, std::string_view help);
  Field_ Field(std::string_view name, bool* value, std::string_view help);
  Field_ Field(std::string_view name, int* value, std::string_view help);
  Field_ Field(std::string_view name, int64_t* value, std::string_view help);
  // "250ms", "10s", "5m".
  Field_ Field(std::string_view name, absl::Duration* value, std::string_view help);
  Field_ Field(std::string_view name, std::vector<std::string>* value, std::string_view help);
  Section& Child(std::string_view name, std::string_view help = "");
  // A value that names were read but does not hold together.
  void AddError(std::string_view field, std::string_view what);

  struct State;
  explicit Section(std::shared_ptr<State> state);
  ~Section();

 private:
  std::shared_ptr<State> state_;
};

// Reads `path` (may be empty: environment and defaults only) with `read`. INVALID_ARGUMENT listing
// every problem with file, line and path: unknown key, wrong type, missing required, out of range,
// file not found or not YAML.
absl::Status Load(const std::string& path, const std::function<void(Section&)>& read);

// JSON Schema of what `read` names, for --print-config-schema.
std::string Schema(const std::function<void(Section&)>& read);

// main() of every process: --config FILE, --check-config, --print-config-schema, --version, --help;
// sets up logs; loads; then `run`. Exit 0; 2 for a bad config, with every error on stderr; 1 when
// `run` fails, with its error.
int Main(int argc, char** argv, std::string_view name, std::string_view about,
         const std::function<void(Section&)>& read, const std::function<absl::Status()>& run);

}  // namespace kasbah::config
