#include "libs/payload/payload.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/payload/secret_name.h"

namespace kasbah::payload {

namespace internal {

absl::Status TooDeep(const Limits& limits) {
  return Error(absl::StatusCode::kInvalidArgument, "PAYLOAD_TOO_DEEP",
               StrCat("a payload may be ", limits.max_depth, " objects and arrays deep"));
}

absl::Status TooLarge() {
  return Error(absl::StatusCode::kInvalidArgument, "PAYLOAD_TOO_LARGE",
               "the payload has too many bytes or members");
}

void AppendPointer(std::string* path, std::string_view name) {
  path->push_back('/');
  for (const char c : name) {
    if (c == '~') {
      *path += "~0";
    } else if (c == '/') {
      *path += "~1";
    } else {
      path->push_back(c);
    }
  }
}

void Add(Report* report, std::string path) {
  ++report->count;
  if (report->paths.size() >= kMaxPaths) return;
  if (path.size() > kLongestPath) {
    size_t end = kLongestPath;
    while (end > 0 && (static_cast<unsigned char>(path[end]) & 0xC0) == 0x80) --end;
    path.resize(end);
  }
  report->paths.push_back(std::move(path));
}

}  // namespace internal

namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

struct Member {
  std::string path;
  Struct* object;
  std::string name;
};

// Every secret member, itself not looked into; changes nothing. Recursion is bounded by max_depth.
class Walk {
 public:
  explicit Walk(const Limits& limits) : limits_(limits) {}

  absl::Status In(Struct* object, int depth) {
    if (depth > limits_.max_depth) return internal::TooDeep(limits_);
    RETURN_IF_ERROR(Count(object->fields().size()));
    for (auto& [name, value] : *object->mutable_fields()) {
      const size_t end = path_.size();
      internal::AppendPointer(&path_, name);
      if (IsSecretName(name)) {
        if (!value.has_string_value() || !IsReference(name, value.string_value())) {
          members_.push_back({path_, object, name});
        }
      } else {
        RETURN_IF_ERROR(In(&value, depth));
      }
      path_.resize(end);
    }
    return absl::OkStatus();
  }

  absl::Status In(Value* value, int depth) {
    if (value->has_struct_value()) return In(value->mutable_struct_value(), depth + 1);
    if (!value->has_list_value()) return absl::OkStatus();
    if (depth + 1 > limits_.max_depth) return internal::TooDeep(limits_);
    auto* elements = value->mutable_list_value()->mutable_values();
    RETURN_IF_ERROR(Count(static_cast<size_t>(elements->size())));
    for (int i = 0; i < elements->size(); ++i) {
      const size_t end = path_.size();
      StrAppend(&path_, "/", i);
      RETURN_IF_ERROR(In(elements->Mutable(i), depth + 1));
      path_.resize(end);
    }
    return absl::OkStatus();
  }

  // Maps have no order of their own.
  std::vector<Member> Sorted() {
    std::ranges::sort(members_, {}, &Member::path);
    return std::move(members_);
  }

 private:
  absl::Status Count(size_t values) {
    values_ += values;
    return values_ > limits_.max_values ? internal::TooLarge() : absl::OkStatus();
  }

  const Limits& limits_;
  size_t values_ = 0;
  std::string path_;
  std::vector<Member> members_;
};

template <typename Message>
absl::StatusOr<std::vector<Member>> SecretsOf(Message* message, int depth, const Limits& limits) {
  if (message->ByteSizeLong() > limits.max_bytes) return internal::TooLarge();
  Walk walk(limits);
  RETURN_IF_ERROR(walk.In(message, depth));
  return walk.Sorted();
}

absl::StatusOr<std::vector<Found>> ToFound(const std::vector<Member>& members) {
  if (members.size() > kMaxPaths) return internal::TooLarge();
  std::vector<Found> found;
  for (const Member& member : members) {
    found.push_back({member.path, &member.object->mutable_fields()->at(member.name)});
  }
  return found;
}

Report TakeOut(const std::vector<Member>& members) {
  Report report;
  for (const Member& member : members) {
    member.object->mutable_fields()->erase(member.name);
    internal::Add(&report, member.path);
  }
  return report;
}

}  // namespace

absl::StatusOr<Report> Strip(Struct* object, const Limits& limits) {
  ASSIGN_OR_RETURN(const std::vector<Member> members, SecretsOf(object, 1, limits));
  return TakeOut(members);
}

absl::StatusOr<Report> Strip(Value* value, const Limits& limits) {
  ASSIGN_OR_RETURN(const std::vector<Member> members, SecretsOf(value, 0, limits));
  return TakeOut(members);
}

Report StripAttributes(google::protobuf::Map<std::string, std::string>* attributes) {
  Report report;
  std::vector<std::string> names;
  for (const auto& [name, value] : *attributes) {
    if (IsSecretName(name) && !IsReference(name, value)) names.push_back(name);
  }
  std::ranges::sort(names);
  for (const std::string& name : names) {
    attributes->erase(name);
    std::string path;
    internal::AppendPointer(&path, name);
    internal::Add(&report, std::move(path));
  }
  return report;
}

absl::StatusOr<std::vector<Found>> FindSecrets(Struct* object, const Limits& limits) {
  ASSIGN_OR_RETURN(const std::vector<Member> members, SecretsOf(object, 1, limits));
  return ToFound(members);
}

absl::StatusOr<std::vector<Found>> FindSecrets(Value* value, const Limits& limits) {
  ASSIGN_OR_RETURN(const std::vector<Member> members, SecretsOf(value, 0, limits));
  return ToFound(members);
}

}  // namespace kasbah::payload
