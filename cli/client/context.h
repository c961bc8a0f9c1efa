#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kasbah::cli {

// One installation as one identity sees it: where the services are and who we are to them.
struct Context {
  std::string name;
  // The file it came from; relative paths in it are beside that file.
  std::string file;
  std::string trust_domain;
  // tls.crt, tls.key, ca.crt: an operator's or a tenant workload's.
  std::string tls_directory;
  // The tenant to act for when the command does not say; an operator's only.
  std::string tenant;
  // File with the tenant's API key; an operator acting as itself has none, nor needs a registered
  // program that only reads secrets one.
  std::string api_key_file;
  // Service name ("vault") to address.
  std::map<std::string, std::string> addresses;
};

// A file of contexts (YAML):
//
//   current: staging
//   contexts:
//     staging:
//       trust_domain: example.com
//       tls_directory: ~/.config/kasbah/staging
//       addresses: {auth: "dns:///auth.example.com:9000", vault: …, tenant-data: …, …}
//       tenant: ten_…            # optional
//       api_key_file: key        # optional
struct ContextFile {
  std::string path;
  std::string current;
  std::map<std::string, Context> contexts;
};

// INVALID_ARGUMENT with file, line and key for what is not understood. NOT_FOUND when there is
// none.
absl::StatusOr<ContextFile> ReadContextFile(const std::string& path);
absl::Status WriteContextFile(const ContextFile& file);

// Every context this command can see: the user's own file ($KASBAH_CONFIG, else
// ~/.config/kasbah/config.yaml), then that of an installation in .kasbah/ here, which `kasbah dev
// up` wrote. A file that another user could have written is refused: it says where keys are sent.
class Contexts {
 public:
  static absl::StatusOr<Contexts> Load();
  explicit Contexts(std::vector<ContextFile> files) : files_(std::move(files)) {}

  // The named one; when `name` is empty, the current one of the first file that has one. Errors say
  // which names there are.
  absl::StatusOr<Context> Find(const std::string& name) const;
  // All, first come first, with the current one's name.
  std::vector<Context> All() const;
  std::string CurrentName() const;
  // Makes `name` the current one, in the file that defines it.
  absl::Status Use(const std::string& name);

 private:
  std::vector<ContextFile> files_;
};

}  // namespace kasbah::cli
