#include "services/tenant_data/domain/validation.h"

#include <algorithm>
#include <utility>

#include "libs/base/strings.h"
#include "libs/crypto/ciphertext_v1.h"
#include "services/tenant_data/domain/json_value.h"
#include "services/tenant_data/domain/paired_index.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

const Value* FindValue(const Struct& values, const std::string& key) {
  const auto found = values.fields().find(key);
  return found == values.fields().end() ? nullptr : &found->second;
}

class Validator {
 public:
  Validator(const RuleTable& rules, const Struct& stored, const SealedSizes& sealed,
            const Struct& changes, ParsingTime* time)
      : rules_(rules), stored_(stored), sealed_(sealed), changes_(changes), time_(time) {}

  // Of a record that is not there yet.
  Validator(const RuleTable& rules, const SealedSizes& none, const Struct& values,
            ParsingTime* time)
      : rules_(rules),
        stored_(Struct::default_instance()),
        sealed_(none),
        changes_(values),
        is_new_(true),
        time_(time) {}

  Validation Run() {
    result_.valid.data.push_back('{');
    for (const FieldRule& field : rules_.fields()) CheckField(field);
    AddPairs();
    result_.valid.data += "}";
    RefuseUnknown();
    if (result_.valid.data.size() + sealed_bytes_ > kMaxDataBytes) {
      result_.violations.push_back({"values", "are more than 2 MiB together", "MAX"});
    }
    if (json_values_ > kMaxRecordJsonValues) {
      result_.violations.push_back(
          {"values", "have more than 50,000 members and elements of JSON together", "MAX"});
    }
    return std::move(result_);
  }

 private:
  void CheckField(const FieldRule& field) {
    const FieldDefinition& definition = field.definition;
    const Value* given = FindValue(changes_, definition.key);
    const Value* value = given != nullptr ? given : FindValue(stored_, definition.key);
    const auto kept = sealed_.find(definition.id);
    const bool kept_sealed = given == nullptr && definition.sealed && kept != sealed_.end();
    if (kept_sealed) sealed_bytes_ += PlainSize(kept->second);
    if (value == nullptr && definition.default_value && (is_new_ || definition.required)) {
      given = value = &*definition.default_value;
    }
    if (value == nullptr || value->kind_case() == Value::kNullValue ||
        value->kind_case() == Value::KIND_NOT_SET) {
      if (definition.required && !kept_sealed) Refuse(definition, "REQUIRED", "must be given");
      return;
    }
    faults_.clear();
    std::optional<TypedValue> typed = CheckValue(field, *value, &faults_, time_);
    for (Fault& fault : faults_) Refuse(definition, fault.rule, std::move(fault.description));
    if (!typed) return;
    if (given != nullptr) NoteStripped(definition, typed->stripped);
    if (definition.sealed) {
      Seal(definition, std::move(typed->scalar));
    } else {
      Keep(definition, *std::move(typed), given != nullptr);
    }
  }

  void Keep(const FieldDefinition& field, TypedValue typed, bool is_new) {
    std::string& data = result_.valid.data;
    if (data.size() > 1) data.push_back(',');
    AppendJsonString(field.key, &data);
    data.push_back(':');
    AppendJson(typed.scalar, &data);
    Value& shown = (*result_.valid.values.mutable_fields())[field.key];
    shown = ToProto(typed.scalar);
    if (field.type == FieldType::kJson) json_values_ += CountValues(shown);
    if (field.sensitive) result_.valid.withheld.push_back(field.key);
    if (field.indexed && !rules_.pairs().empty()) indexed_[field.id] = {typed.key, is_new};
    if (!is_new) return;
    if (field.type == FieldType::kReference) {
      result_.valid.references.push_back({field.key, field.reference, ReferredBy(typed.scalar)});
    }
    if (field.type == FieldType::kFile) {
      result_.valid.files.push_back(
          {field.key, field.id, *FileId::Parse(std::get<std::string>(typed.scalar))});
    }
    if (field.unique) result_.valid.unique.push_back({field.id, UniqueBytes(typed.key)});
    if (field.indexed) result_.valid.index.push_back({field.id, std::move(typed.key)});
  }

  void AddPairs() {
    for (const PairRule& pair : rules_.pairs()) {
      const auto value = indexed_.find(pair.field->definition.id);
      const auto order = indexed_.find(pair.order->definition.id);
      if (value == indexed_.end() || order == indexed_.end()) continue;
      if (!value->second.is_new && !order->second.is_new) continue;
      result_.valid.pairs.push_back(
          {pair.id, {PlaceOf(pair.id, value->second.key), order->second.key}});
    }
  }

  void NoteStripped(const FieldDefinition& field, const payload::Report& stripped) {
    payload::Report& all = result_.valid.stripped;
    all.count += stripped.count;
    for (const std::string& path : stripped.paths) {
      if (all.paths.size() < payload::kMaxPaths) all.paths.push_back(StrCat("/", field.key, path));
    }
  }

  static RecordId ReferredBy(const Scalar& scalar) {
    return *RecordId::Parse(std::get<std::string>(scalar));
  }

  // Of what a ciphertext opens to.
  static size_t PlainSize(size_t sealed) {
    return sealed - std::min(sealed, crypto::ciphertext_v1::kOverhead);
  }

  void Seal(const FieldDefinition& field, Scalar scalar) {
    std::string json;
    AppendJson(scalar, &json);
    if (json.size() > kMaxSealedBytes) {
      return Refuse(field, "MAX", "is more than 64 KiB as JSON, which is how it is sealed");
    }
    sealed_bytes_ += json.size();
    result_.valid.to_seal.push_back({field.id, field.key, std::move(scalar), std::move(json)});
  }

  void RefuseUnknown() {
    std::vector<std::string> unknown;
    for (const auto& [key, value] : changes_.fields()) {
      if (rules_.Find(key) == nullptr) unknown.push_back(PathOf(key));
    }
    std::sort(unknown.begin(), unknown.end());
    unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
    for (std::string& path : unknown) {
      result_.violations.push_back(
          {std::move(path), "is no field of the collection", "UNKNOWN_FIELD"});
    }
  }

  void Refuse(const FieldDefinition& field, std::string_view rule, std::string description) {
    result_.violations.push_back({PathOf(field.key), std::move(description), std::string(rule)});
  }

  struct IndexedValue {
    IndexKey key;
    bool is_new = false;
  };

  const RuleTable& rules_;
  const Struct& stored_;
  const SealedSizes& sealed_;
  const Struct& changes_;
  const bool is_new_ = false;
  ParsingTime* const time_;
  std::vector<Fault> faults_;
  // What pairs are made of, where there are any.
  absl::flat_hash_map<FieldId, IndexedValue> indexed_;
  size_t sealed_bytes_ = 0;
  size_t json_values_ = 0;
  Validation result_;
};

}  // namespace

Validation ValidateNew(const RuleTable& rules, const Struct& values, ParsingTime* time) {
  const SealedSizes none;
  return Validator(rules, none, values, time).Run();
}

Validation ValidateNew(const RuleTable& rules, const Struct& values) {
  ParsingTime time;
  return ValidateNew(rules, values, &time);
}

Validation ValidateChange(const RuleTable& rules, const Struct& stored, const SealedSizes& sealed,
                          const Struct& changes) {
  ParsingTime time;
  return Validator(rules, stored, sealed, changes, &time).Run();
}

std::string PathOf(const std::string& key) {
  return IsKey(key) ? StrCat("values.", key) : "values";
}

// The sign bit of integers is turned, so that order is kept as well.
std::string UniqueBytes(const IndexKey& key) {
  if (key.text) return *key.text;
  const auto number =
      static_cast<uint64_t>(key.integer ? *key.integer : absl::ToUnixMicros(*key.time)) ^
      (uint64_t{1} << 63);
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>((number >> (56 - 8 * i)) & 0xFF);
  return bytes;
}

Violation MissingReference(const std::string& key) {
  return {PathOf(key), "is no record of the collection that it has to be in", "REFERENCE"};
}

Violation MissingFile(const std::string& key) {
  return {PathOf(key), "is no file that the record can name", "REFERENCE"};
}

Violation TakenValue(const std::string& key) {
  return {PathOf(key), "is another record's value", "UNIQUE"};
}

}  // namespace kasbah::tenantdata
