#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/base/error.h"
#include "libs/payload/payload.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {

// A value that the vault has to seal before it may be kept.
struct Unsealed {
  FieldId field;
  std::string key;
  Scalar scalar;
  // The plaintext: the scalar as JSON.
  std::string json;
};

struct IndexEntry {
  FieldId field;
  IndexKey key;
};

// A record's row in the index of two fields (paired_index.h): where it stands, and the value of the
// field that orders.
struct PairEntry {
  FieldId pair;
  IndexEntry entry;
};

// A value of a unique field, as bytes that are equal when the values are.
struct UniqueEntry {
  FieldId field;
  std::string value;
};

// A record that a value names.
struct ReferenceEntry {
  std::string key;
  CollectionId collection;
  RecordId record;
};

// A file that a value names.
struct FileEntry {
  std::string key;
  FieldId field;
  FileId file;
};

// Values that hold to every rule, in the forms in which they are kept.
struct ValidValues {
  // Canonical values of the fields that are not sealed: for replies and, without those that are
  // withheld, for change events.
  google::protobuf::Struct values;
  // Keys in it whose fields are sensitive.
  std::vector<std::string> withheld;
  // The same as JSON, in the order of the definition.
  std::string data;
  std::vector<Unsealed> to_seal;
  std::vector<IndexEntry> index;
  // Of pairs of which a value is new.
  std::vector<PairEntry> pairs;
  std::vector<UniqueEntry> unique;
  // Whether the records are there is for the database to say.
  std::vector<ReferenceEntry> references;
  // As for the records, whether they are there is for the database to say.
  std::vector<FileEntry> files;
  // What was taken out of JSON values that were given: "/config/api_token".
  payload::Report stripped;
};

struct Validation {
  ValidValues valid;
  // Everything that is wrong, in the order of the definition, unknown fields last. Not empty:
  // `valid` is not to be used.
  std::vector<Violation> violations;
};

// The values of a record with all of its plain and all of its sealed values are at most this long.
inline constexpr size_t kMaxDataBytes = 2 * 1024 * 1024;
// And one that is sealed, as JSON: what the vault takes.
inline constexpr size_t kMaxSealedBytes = 64 * 1024;

// Fields that a record has a ciphertext of, each with how long that is.
using SealedSizes = absl::flat_hash_map<FieldId, size_t>;

// Checks the values of a new record. A null is no value; what is not there at all is the default.
// `time` is what a request of many records may take.
Validation ValidateNew(const RuleTable& rules, const google::protobuf::Struct& values,
                       ParsingTime* time);
Validation ValidateNew(const RuleTable& rules, const google::protobuf::Struct& values);

// Checks a record after `changes`: what it names is replaced, null removes. `stored` are its plain
// values and `sealed` what it has ciphertexts of. `to_seal`, `index`, `unique`,
// `references` and `files` of the result hold what `changes` brings alone. A field that became
// required after the record was written takes its default. Values of retired fields go: history has
// them.
Validation ValidateChange(const RuleTable& rules, const google::protobuf::Struct& stored,
                          const SealedSizes& sealed, const google::protobuf::Struct& changes);

// "values.alpha_2"; "values" for a key that no field can have.
std::string PathOf(const std::string& key);

// The violation of a value that another record has.
Violation TakenValue(const std::string& key);
// Of a reference to a record that is not there.
Violation MissingReference(const std::string& key);

// Of a file that is not there, or is another customer's.
Violation MissingFile(const std::string& key);

// A unique value as bytes: equal when the values are.
std::string UniqueBytes(const IndexKey& key);

}  // namespace kasbah::tenantdata
