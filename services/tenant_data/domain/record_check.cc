#include "services/tenant_data/domain/record_check.h"

#include <utility>

#include "libs/crypto/hash.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {
namespace {

// Enough of a digest that two values never share it.
constexpr size_t kDigestBytes = 16;

}  // namespace

RecordCheck::RecordCheck(const RuleTable& next, const std::vector<FieldDemand>& demands)
    : next_(next), demands_(demands) {}

void RecordCheck::Look(RecordId record, const google::protobuf::Struct& values,
                       const absl::flat_hash_set<FieldId>& sealed) {
  ++checked_;
  size_t faults = 0;
  for (const FieldDemand& demand : demands_) {
    const std::string& key = next_.Find(demand.field)->definition.key;
    const auto found = values.fields().find(key);
    faults += LookAt(demand, record, found == values.fields().end() ? nullptr : &found->second,
                     sealed.contains(demand.field));
  }
  if (faults > 0) ++breaking_;
}

void RecordCheck::Forget(const absl::flat_hash_set<RecordId>& records) {
  absl::erase_if(seen_, [&](const auto& value) { return records.contains(value.second); });
}

size_t RecordCheck::LookAt(const FieldDemand& demand, RecordId record,
                           const google::protobuf::Value* value, bool sealed) {
  const FieldRule& rule = *next_.Find(demand.field);
  const std::string& key = rule.definition.key;
  if (demand.presence && value == nullptr && !sealed) {
    Add(record, key, "REQUIRED", "must be given");
    return 1;
  }
  if (demand.absence && sealed) {
    Add(record, key, "SEARCHABLE", "was sealed without a blind index");
    return 1;
  }
  if (value == nullptr || !(demand.values || demand.distinct)) return 0;
  std::vector<Fault> faults;
  const std::optional<TypedValue> typed = CheckValue(rule, *value, &faults);
  for (Fault& fault : faults) Add(record, key, fault.rule, std::move(fault.description));
  if (!typed || !demand.distinct) return faults.size();
  const std::string bytes = UniqueBytes(typed->key);
  if (seen_
          .try_emplace(crypto::Sha256({demand.field.uuid().view(), bytes}).substr(0, kDigestBytes),
                       record)
          .second) {
    return 0;
  }
  Add(record, key, "UNIQUE", "is an earlier record's value");
  return 1;
}

void RecordCheck::Add(RecordId record, const std::string& key, std::string_view rule,
                      std::string description) {
  if (faults_.size() == kMaxRecordFaults) return;
  faults_.push_back({record, {PathOf(key), std::move(description), std::string(rule)}});
}

}  // namespace kasbah::tenantdata
