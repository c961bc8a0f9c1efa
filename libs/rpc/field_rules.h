#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kasbah::rpc {

// Checks messages against the FieldRules of their protos: what is required, sizes, ids, patterns,
// bounds, and that enum values are known. Rules are read once for each message type; the messages
// of google.protobuf are left to whoever asked for them. Immutable once made, so thread safe.
class FieldRules {
 public:
  FieldRules();
  ~FieldRules();

  // Reads the rules of `type` and all that it holds. FAILED_PRECONDITION for a rule that does not
  // fit its field, such as an id on a number or a pattern that is no RE2 expression.
  absl::Status Add(const google::protobuf::Descriptor* type);

  // INVALID_ARGUMENT, reason INVALID_FIELDS, with every violation by its path
  // ("entries[3].tenant"), at most 100. Values are never repeated. `message` is of a type that was
  // added.
  absl::Status Check(const google::protobuf::Message& message) const;

 private:
  struct Field;
  struct Type;
  struct Walk;
  absl::Status AddField(const google::protobuf::FieldDescriptor* field, Type* type);

  absl::flat_hash_map<const google::protobuf::Descriptor*, std::unique_ptr<Type>> types_;
};

}  // namespace kasbah::rpc
