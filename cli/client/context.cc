#include "cli/client/context.h"

#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::cli {
namespace {

// Where `kasbah dev up` leaves the contexts of what it runs.
constexpr const char kLocalFile[] = ".kasbah/contexts.yaml";

absl::Status Fault(const std::string& path, const YAML::Node& node, const std::string& what) {
  return absl::InvalidArgumentError(StrCat(path, ":", node.Mark().line + 1, ": ", what));
}

std::string Resolve(const std::string& path, const std::string& file) {
  if (path.empty() || path.front() == '/') return path;
  if (const char* home = std::getenv("HOME"); home != nullptr && absl::StartsWith(path, "~/")) {
    return StrCat(home, path.substr(1));
  }
  return (std::filesystem::absolute(file).parent_path() / path).lexically_normal().string();
}

absl::Status ReadText(const std::string& path, const YAML::Node& node, const std::string& key,
                      std::string* value) {
  if (!node.IsScalar()) return Fault(path, node, StrCat(key, " has to be a text"));
  *value = node.Scalar();
  return absl::OkStatus();
}

absl::Status ReadAddresses(const std::string& path, const YAML::Node& node, Context* context) {
  static const auto* services =
      new std::set<std::string>{"auth", "vault", "tenant-data", "webhook", "audit"};
  if (!node.IsMap()) return Fault(path, node, "addresses has to map services to addresses");
  for (const auto& entry : node) {
    const std::string service = entry.first.Scalar();
    if (!services->contains(service)) {
      return Fault(
          path, entry.first,
          StrCat("no service is called '", service, "' (", absl::StrJoin(*services, ", "), ")"));
    }
    RETURN_IF_ERROR(ReadText(path, entry.second, service, &context->addresses[service]));
  }
  return absl::OkStatus();
}

absl::StatusOr<Context> ReadContext(const std::string& path, const std::string& name,
                                    const YAML::Node& node) {
  Context context;
  context.name = name;
  context.file = path;
  if (!node.IsMap()) return Fault(path, node, StrCat("context '", name, "' has to be a mapping"));
  const std::map<std::string, std::string*> texts = {{"trust_domain", &context.trust_domain},
                                                     {"tls_directory", &context.tls_directory},
                                                     {"tenant", &context.tenant},
                                                     {"api_key_file", &context.api_key_file}};
  for (const auto& entry : node) {
    const std::string key = entry.first.Scalar();
    if (key == "addresses") {
      RETURN_IF_ERROR(ReadAddresses(path, entry.second, &context));
    } else if (const auto text = texts.find(key); text != texts.end()) {
      RETURN_IF_ERROR(ReadText(path, entry.second, key, text->second));
    } else {
      return Fault(path, entry.first, StrCat("unknown key '", key, "' in context '", name, "'"));
    }
  }
  if (context.trust_domain.empty()) return Fault(path, node, StrCat(name, " has no trust_domain"));
  if (context.tls_directory.empty())
    return Fault(path, node, StrCat(name, " has no tls_directory"));
  context.tls_directory = Resolve(context.tls_directory, path);
  context.api_key_file = Resolve(context.api_key_file, path);
  return context;
}

absl::StatusOr<ContextFile> ParseContextFile(const std::string& path, const YAML::Node& root) {
  ContextFile file;
  file.path = path;
  if (root.IsNull()) return file;
  if (!root.IsMap()) return Fault(path, root, "has to be a mapping with 'contexts'");
  for (const auto& entry : root) {
    const std::string key = entry.first.Scalar();
    if (key == "current") {
      RETURN_IF_ERROR(ReadText(path, entry.second, key, &file.current));
    } else if (key == "contexts" && entry.second.IsMap()) {
      for (const auto& context : entry.second) {
        const std::string name = context.first.Scalar();
        ASSIGN_OR_RETURN(file.contexts[name], ReadContext(path, name, context.second));
      }
    } else {
      return Fault(path, entry.first, StrCat("unknown key '", key, "'"));
    }
  }
  return file;
}

// Whoever can write the file decides where API keys are sent.
absl::Status CheckOwner(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return absl::OkStatus();
  if ((status.st_uid == geteuid() || status.st_uid == 0) && (status.st_mode & 022) == 0) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      StrCat(path, " can be written by others than you; make it yours alone with: chmod go-w '",
             path, "'"));
}

std::string UserFile() {
  if (const char* path = std::getenv("KASBAH_CONFIG"); path != nullptr && *path != '\0')
    return path;
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string() : StrCat(home, "/.config/kasbah/config.yaml");
}

}  // namespace

absl::StatusOr<ContextFile> ReadContextFile(const std::string& path) {
  if (!dev::FileExists(path)) return absl::NotFoundError(StrCat("there is no file ", path));
  RETURN_IF_ERROR(CheckOwner(path));
  ASSIGN_OR_RETURN(const std::string text, dev::ReadFile(path));
  // yaml-cpp tells of malformed files by exceptions alone.
  try {
    return ParseContextFile(path, YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(StrCat(path, ":", error.mark.line + 1, ": ", error.msg));
  }
}

absl::Status WriteContextFile(const ContextFile& file) {
  YAML::Node root;
  root["current"] = file.current;
  for (const auto& [name, context] : file.contexts) {
    YAML::Node node;
    node["trust_domain"] = context.trust_domain;
    node["tls_directory"] = context.tls_directory;
    if (!context.tenant.empty()) node["tenant"] = context.tenant;
    if (!context.api_key_file.empty()) node["api_key_file"] = context.api_key_file;
    for (const auto& [service, address] : context.addresses) node["addresses"][service] = address;
    root["contexts"][name] = node;
  }
  YAML::Emitter text;
  text << root;
  return dev::WriteFile(file.path, StrCat(text.c_str(), "\n"), 0600);
}

absl::StatusOr<Contexts> Contexts::Load() {
  std::vector<ContextFile> files;
  for (const std::string& path : {UserFile(), std::string(kLocalFile)}) {
    if (path.empty() || !dev::FileExists(path)) continue;
    ASSIGN_OR_RETURN(ContextFile file, ReadContextFile(path));
    files.push_back(std::move(file));
  }
  return Contexts(std::move(files));
}

absl::StatusOr<Context> Contexts::Find(const std::string& name) const {
  const std::string wanted = name.empty() ? CurrentName() : name;
  std::vector<std::string> names;
  for (const Context& context : All()) {
    if (context.name == wanted) return context;
    names.push_back(context.name);
  }
  if (names.empty()) {
    return absl::NotFoundError(
        "no context says where the services are: start some here with `kasbah dev up`, or describe "
        "yours in ~/.config/kasbah/config.yaml (`kasbah contexts --help` shows how)");
  }
  if (wanted.empty()) {
    return absl::NotFoundError(StrCat("choose a context with --context or `kasbah contexts use`: ",
                                      absl::StrJoin(names, ", ")));
  }
  return absl::NotFoundError(
      StrCat("there is no context '", wanted, "'; there are: ", absl::StrJoin(names, ", ")));
}

std::vector<Context> Contexts::All() const {
  std::vector<Context> all;
  std::set<std::string> seen;
  for (const ContextFile& file : files_) {
    for (const auto& [name, context] : file.contexts) {
      if (seen.insert(name).second) all.push_back(context);
    }
  }
  return all;
}

std::string Contexts::CurrentName() const {
  for (const ContextFile& file : files_) {
    if (!file.current.empty()) return file.current;
  }
  return "";
}

absl::Status Contexts::Use(const std::string& name) {
  for (ContextFile& file : files_) {
    if (!file.contexts.contains(name)) continue;
    file.current = name;
    return WriteContextFile(file);
  }
  return Find(name).status();
}

}  // namespace kasbah::cli
