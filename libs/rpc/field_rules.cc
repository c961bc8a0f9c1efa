#include "libs/rpc/field_rules.h"

#include <re2/re2.h>

#include <string_view>
#include <utility>

#include "kasbah/policy/v1/policy.pb.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kDefaultBytes = 1024;
constexpr size_t kDefaultEntries = 1000;
constexpr size_t kMostViolations = 100;

bool IsText(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
}

bool IsInteger(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return true;
    default:
      return false;
  }
}

bool IsForeign(const Descriptor* type) { return type->file()->package() == "google.protobuf"; }

}  // namespace

struct FieldRules::Field {
  const FieldDescriptor* field = nullptr;
  policy::v1::FieldRules rules;
  // Of one string; of the entries, where the field repeats.
  size_t max_bytes = kDefaultBytes;
  size_t max_entries = kDefaultEntries;
  std::unique_ptr<RE2> pattern;
  // Of a message field, when it is one of ours.
  const Type* type = nullptr;
};

struct FieldRules::Type {
  std::vector<Field> fields;
};

// One walk over one message. Strings for paths are made only when something is wrong.
struct FieldRules::Walk {
  struct Step {
    const FieldDescriptor* field;
    int index;  // -1: does not repeat.
  };

  void CheckMessage(const Message& message, const Type& type);
  void CheckField(const Message& message, const Reflection& reflection, const Field& field);
  void CheckRepeated(const Message& message, const Reflection& reflection, const Field& field);
  void CheckText(const std::string& text, const Field& field, bool present);
  void CheckInteger(const Message& message, const Reflection& reflection, const Field& field);
  void Add(std::string description, std::string_view rule);
  std::string Path() const;
  bool full() const { return violations.size() >= kMostViolations; }

  std::vector<Step> steps;
  std::vector<Violation> violations;
};

std::string FieldRules::Walk::Path() const {
  std::string path;
  for (const Step& step : steps) {
    StrAppend(&path, path.empty() ? "" : ".", step.field->name());
    if (step.index >= 0) StrAppend(&path, "[", step.index, "]");
  }
  return path;
}

void FieldRules::Walk::Add(std::string description, std::string_view rule) {
  if (full()) return;
  violations.push_back(
      {.field = Path(), .description = std::move(description), .rule = std::string(rule)});
}

void FieldRules::Walk::CheckText(const std::string& text, const Field& field, bool present) {
  const policy::v1::FieldRules& rules = field.rules;
  const bool is_bytes = field.field->type() == FieldDescriptor::TYPE_BYTES;
  if (text.size() > field.max_bytes) {
    Add(StrCat("must be at most ", field.max_bytes, " bytes"), "MAX_SIZE");
    return;
  }
  if (!field.field->is_repeated() && present && text.size() < rules.min_size() &&
      !(text.empty() && rules.required())) {
    Add(StrCat("must be at least ", rules.min_size(), " bytes"), "MIN_SIZE");
    return;
  }
  if (text.empty() || is_bytes) return;
  // Valid in UTF-8, and not in PostgreSQL's text.
  if (text.find('\0') != std::string::npos) {
    Add("must not hold U+0000", "TEXT");
    return;
  }
  if (!rules.id().empty() && !kasbah::internal::ParseTypeId(rules.id(), text).ok()) {
    Add(StrCat("must be an id of the form ", rules.id(), "_…"), "ID");
  }
  if (field.pattern != nullptr && !RE2::FullMatch(text, *field.pattern)) {
    Add(StrCat("must match ", rules.pattern()), "PATTERN");
  }
}

void FieldRules::Walk::CheckInteger(const Message& message, const Reflection& reflection,
                                    const Field& field) {
  const uint64_t bound = field.rules.max_value();
  if (bound == 0) return;
  bool within = true;
  switch (field.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const int32_t value = reflection.GetInt32(message, field.field);
      within = value >= 0 && static_cast<uint64_t>(value) <= bound;
      break;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const int64_t value = reflection.GetInt64(message, field.field);
      within = value >= 0 && static_cast<uint64_t>(value) <= bound;
      break;
    }
    case FieldDescriptor::CPPTYPE_UINT32:
      within = reflection.GetUInt32(message, field.field) <= bound;
      break;
    default:
      within = reflection.GetUInt64(message, field.field) <= bound;
      break;
  }
  if (!within) Add(StrCat("must be from 0 to ", bound), "MAX_VALUE");
}

void FieldRules::Walk::CheckRepeated(const Message& message, const Reflection& reflection,
                                     const Field& field) {
  const int size = reflection.FieldSize(message, field.field);
  if (static_cast<size_t>(size) > field.max_entries) {
    Add(StrCat("must have at most ", field.max_entries, " entries"), "MAX_SIZE");
    return;
  }
  if (field.rules.required() && size == 0) {
    Add("is required", "REQUIRED");
  } else if (static_cast<size_t>(size) < field.rules.min_size()) {
    Add(StrCat("must have at least ", field.rules.min_size(), " entries"), "MIN_SIZE");
  }
  for (int i = 0; i < size && !full(); ++i) {
    steps.back().index = i;
    if (IsText(field.field)) {
      std::string scratch;
      CheckText(reflection.GetRepeatedStringReference(message, field.field, i, &scratch), field,
                /*present=*/true);
    } else if (field.type != nullptr) {
      CheckMessage(reflection.GetRepeatedMessage(message, field.field, i), *field.type);
    } else if (field.field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM &&
               field.field->enum_type()->FindValueByNumber(
                   reflection.GetRepeatedEnumValue(message, field.field, i)) == nullptr) {
      Add("is not a known value", "ENUM");
    }
  }
}

void FieldRules::Walk::CheckField(const Message& message, const Reflection& reflection,
                                  const Field& field) {
  const FieldDescriptor* descriptor = field.field;
  if (descriptor->is_repeated()) return CheckRepeated(message, reflection, field);
  // Without presence a field is there when it is not its default.
  const bool there = reflection.HasField(message, descriptor);
  if (field.rules.required() && !there) return Add("is required", "REQUIRED");
  switch (descriptor->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      CheckText(reflection.GetStringReference(message, descriptor, &scratch), field,
                there || !descriptor->has_presence());
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (there && field.type != nullptr) {
        CheckMessage(reflection.GetMessage(message, descriptor), *field.type);
      }
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (descriptor->enum_type()->FindValueByNumber(
              reflection.GetEnumValue(message, descriptor)) == nullptr) {
        Add("is not a known value", "ENUM");
      }
      return;
    default:
      if (IsInteger(descriptor)) CheckInteger(message, reflection, field);
      return;
  }
}

void FieldRules::Walk::CheckMessage(const Message& message, const Type& type) {
  const Reflection& reflection = *message.GetReflection();
  for (const Field& field : type.fields) {
    steps.push_back({.field = field.field, .index = -1});
    CheckField(message, reflection, field);
    steps.pop_back();
    if (full()) return;
  }
}

FieldRules::FieldRules() = default;
FieldRules::~FieldRules() = default;

absl::Status FieldRules::AddField(const FieldDescriptor* descriptor, Type* type) {
  Field field;
  field.field = descriptor;
  field.rules = descriptor->options().GetExtension(policy::v1::field);
  const policy::v1::FieldRules& rules = field.rules;
  const bool sized = IsText(descriptor) || descriptor->is_repeated();
  const bool is_string = descriptor->type() == FieldDescriptor::TYPE_STRING;
  const auto misplaced = [descriptor](std::string_view what) {
    return absl::FailedPreconditionError(
        StrCat(descriptor->full_name(), ": ", what, " does not fit the field"));
  };
  if ((rules.max_size() != 0 || rules.min_size() != 0) && !sized) return misplaced("a size");
  if (!rules.id().empty() && !is_string) return misplaced("id");
  if (!rules.id().empty() && rules.sensitive()) return misplaced("sensitive, beside id,");
  if (!rules.pattern().empty() && !is_string) return misplaced("pattern");
  if (rules.max_value() != 0 && !IsInteger(descriptor)) return misplaced("max_value");
  if (rules.max_size() != 0) {
    (descriptor->is_repeated() ? field.max_entries : field.max_bytes) = rules.max_size();
  }
  if (!rules.pattern().empty()) {
    field.pattern = std::make_unique<RE2>(rules.pattern(), RE2::Quiet);
    if (!field.pattern->ok()) return misplaced("a pattern that is no RE2 expression");
  }
  if (descriptor->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
      !IsForeign(descriptor->message_type())) {
    RETURN_IF_ERROR(Add(descriptor->message_type()));
    field.type = types_.at(descriptor->message_type()).get();
  }
  type->fields.push_back(std::move(field));
  return absl::OkStatus();
}

absl::Status FieldRules::Add(const Descriptor* type) {
  const auto [entry, added] = types_.try_emplace(type, nullptr);
  if (!added) return absl::OkStatus();
  entry->second = std::make_unique<Type>();
  // Types that hold themselves find this one.
  Type* made = entry->second.get();
  for (int i = 0; i < type->field_count(); ++i) RETURN_IF_ERROR(AddField(type->field(i), made));
  return absl::OkStatus();
}

absl::Status FieldRules::Check(const Message& message) const {
  const auto type = types_.find(message.GetDescriptor());
  KASBAH_CHECK(type != types_.end());
  if (type->second->fields.empty()) return absl::OkStatus();
  Walk walk;
  walk.CheckMessage(message, *type->second);
  if (walk.violations.empty()) return absl::OkStatus();
  return InvalidFields(std::move(walk.violations));
}

}  // namespace kasbah::rpc
