#include "services/csi_provider/domain/object_list.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::csi_provider {
namespace {

constexpr size_t kMostObjects = 100;
constexpr size_t kLongestPath = 255;
constexpr int kLargestMode = 0777;

absl::Status Invalid(std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "OBJECTS_INVALID", what);
}

absl::Status PathInvalid(std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "PATH_INVALID", what);
}

bool IsPathCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool IsSegment(absl::string_view segment) {
  return !segment.empty() && std::all_of(segment.begin(), segment.end(), IsPathCharacter) &&
         std::any_of(segment.begin(), segment.end(), [](char c) { return c != '.'; });
}

// "0400", as chmod takes it.
bool ParseMode(const std::string& text, int* mode) {
  if (text.empty() || text.size() > 4) return false;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return false;
    value = value * 8 + (c - '0');
  }
  *mode = value;
  return value <= kLargestMode;
}

absl::Status ReadField(const std::string& key, const std::string& value, MountObject* object) {
  if (key == "secret") {
    object->secret = value;
  } else if (key == "path") {
    object->path = value;
  } else if (key == "version") {
    if (!absl::SimpleAtoi(value, &object->version)) return Invalid("version must be a number");
  } else if (key == "mode") {
    if (!ParseMode(value, &object->mode)) return Invalid("mode must be octal, at most 0777");
  } else {
    return Invalid("an object has secret, version, path and mode");
  }
  return absl::OkStatus();
}

absl::StatusOr<MountObject> ReadObject(const YAML::Node& node, int mode) {
  MountObject object;
  object.mode = mode;
  if (!node.IsMap()) return Invalid("must be a mapping");
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || !entry.second.IsScalar()) return Invalid("must hold texts");
    const std::string key = entry.first.Scalar();
    if (!seen.insert(key).second) return Invalid(StrCat(key, " is given twice"));
    RETURN_IF_ERROR(ReadField(key, entry.second.Scalar(), &object));
  }
  if (object.secret.empty()) return Invalid("secret is missing");
  if (!seen.contains("path")) object.path = object.secret;
  RETURN_IF_ERROR(CheckVolumePath(object.path));
  return object;
}

// A file cannot be where another one, or a directory of another one, is.
absl::Status CheckApart(const std::vector<MountObject>& objects) {
  std::set<std::string> files, directories;
  for (const MountObject& object : objects) {
    if (!files.insert(object.path).second) return PathInvalid("two objects have one path");
    for (size_t slash = object.path.find('/'); slash != std::string::npos;
         slash = object.path.find('/', slash + 1)) {
      directories.insert(object.path.substr(0, slash));
    }
  }
  const bool clash = std::any_of(files.begin(), files.end(), [&](const std::string& file) {
    return directories.contains(file);
  });
  return clash ? PathInvalid("the path of one object is a directory of another's")
               : absl::OkStatus();
}

absl::StatusOr<YAML::Node> Load(const std::string& yaml) {
  // yaml-cpp tells of malformed text by exceptions alone.
  try {
    return YAML::Load(yaml);
  } catch (const YAML::Exception&) {
    return Invalid("objects is not YAML");
  }
}

}  // namespace

absl::Status CheckVolumePath(const std::string& path) {
  const std::vector<absl::string_view> segments = absl::StrSplit(path, '/');
  if (path.size() <= kLongestPath && std::all_of(segments.begin(), segments.end(), IsSegment)) {
    return absl::OkStatus();
  }
  return PathInvalid("path must be relative, of letters, digits, \"-\", \"_\" and \".\"");
}

absl::StatusOr<std::vector<MountObject>> ParseObjects(const std::string& yaml, int mode) {
  ASSIGN_OR_RETURN(const YAML::Node list, Load(yaml));
  if (!list.IsSequence() || list.size() == 0 || list.size() > kMostObjects) {
    return Invalid("objects must be a list of 1 to 100 objects");
  }
  std::vector<MountObject> objects;
  for (const YAML::Node& node : list) {
    absl::StatusOr<MountObject> object = ReadObject(node, mode);
    if (!object.ok()) {
      return Error(
          object.status().code(), ReasonOf(object.status()),
          StrCat("object ", objects.size() + 1, ": ", FromAbsl(object.status().message())));
    }
    objects.push_back(*std::move(object));
  }
  RETURN_IF_ERROR(CheckApart(objects));
  return objects;
}

}  // namespace kasbah::csi_provider
