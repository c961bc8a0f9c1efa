#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "libs/base/error.h"
#include "services/tenant_data/domain/definition_change.h"
#include "services/tenant_data/domain/rule_table.h"

namespace kasbah::tenantdata {

// A record that a new definition refuses, and why.
struct RecordFault {
  RecordId record;
  Violation violation;
};

inline constexpr size_t kMaxRecordFaults = 100;

// Holds the records of a collection, one after the other, against what a change demands of them.
class RecordCheck {
 public:
  // `next` is the new definition and outlives this.
  RecordCheck(const RuleTable& next, const std::vector<FieldDemand>& demands);

  // `values` are the record's plain values, of the demanded fields at least; `sealed` the fields
  // that it has a ciphertext of.
  void Look(RecordId record, const google::protobuf::Struct& values,
            const absl::flat_hash_set<FieldId>& sealed);

  // Forgets the unique values of records that are to be looked at again.
  void Forget(const absl::flat_hash_set<RecordId>& records);

  uint64_t checked() const { return checked_; }
  // How many records have faults.
  uint64_t breaking() const { return breaking_; }
  // At most kMaxRecordFaults.
  const std::vector<RecordFault>& faults() const { return faults_; }

 private:
  // How many faults the record has in one field.
  size_t LookAt(const FieldDemand& demand, RecordId record, const google::protobuf::Value* value,
                bool sealed);
  void Add(RecordId record, const std::string& key, std::string_view rule, std::string description);

  const RuleTable& next_;
  const std::vector<FieldDemand> demands_;
  // Unique values so far, by their digests, and whose they are.
  absl::flat_hash_map<std::string, RecordId> seen_;
  uint64_t checked_ = 0;
  uint64_t breaking_ = 0;
  std::vector<RecordFault> faults_;
};

}  // namespace kasbah::tenantdata
