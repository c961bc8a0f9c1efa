#include "services/tenant_data/rpc/record_opener.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

// How long a read waits for the vault, and for half of what its caller does at the most: what is
// not sealed is to arrive.
constexpr absl::Duration kPatience = absl::Seconds(3);

// Where an opened value belongs.
struct Place {
  v1::Record* record;
  std::string key;
};

CallContext WithPatience(const CallContext& call) {
  CallContext shorter = call;
  const absl::Time now = absl::Now();
  shorter.deadline = std::min(now + kPatience, now + (call.deadline - now) / 2);
  return shorter;
}

bool IsAway(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

void MarkUnavailable(const Place& place, std::string_view reason) {
  v1::UnavailableValue* value = place.record->add_unavailable();
  value->set_field(PathOf(place.key));
  value->set_reason(std::string(reason));
}

void CutTo(size_t most, std::vector<v1::Record>* shown) {
  size_t bytes = 0;
  for (size_t i = 0; i < shown->size(); ++i) {
    bytes += (*shown)[i].ByteSizeLong();
    if (bytes <= most || i == 0) continue;
    shown->resize(i);
    return;
  }
}

}  // namespace

absl::StatusOr<v1::Record> RecordOpener::Show(const CallContext& call, const StoredRecord& stored) {
  if (!stored.sealed.empty()) {
    ASSIGN_OR_RETURN(std::vector<v1::Record> shown, Show(call, std::vector{stored}));
    return std::move(shown.front());
  }
  v1::Record record = ToProto(stored);
  ASSIGN_OR_RETURN(*record.mutable_values(), ParseFlatObject(stored.data));
  return record;
}

absl::StatusOr<std::vector<v1::Record>> RecordOpener::Show(
    const CallContext& call, const std::vector<StoredRecord>& stored) {
  return ShowWithin(call, stored, std::numeric_limits<size_t>::max());
}

absl::StatusOr<std::vector<v1::Record>> RecordOpener::ShowWithin(
    const CallContext& call, const std::vector<StoredRecord>& stored, size_t most) {
  // Places point into it, so it keeps its room.
  std::vector<v1::Record> shown;
  shown.reserve(stored.size());
  std::vector<SealItem> items;
  std::vector<Place> places;
  size_t bytes = 0;
  for (const StoredRecord& record : stored) {
    v1::Record& one = shown.emplace_back(ToProto(record));
    ASSIGN_OR_RETURN(*one.mutable_values(), ParseFlatObject(record.data));
    bytes += one.ByteSizeLong() + record.sealed.size();
    if (bytes > most && shown.size() > 1) {
      shown.pop_back();
      break;
    }
    if (record.sealed.empty()) continue;
    ASSIGN_OR_RETURN(SealedValues sealed, UnpackSealed(record.sealed));
    ASSIGN_OR_RETURN(const std::shared_ptr<const RuleTable> rules,
                     definitions_.Version(call, record.collection, record.schema_version));
    for (auto& [field, ciphertext] : sealed) {
      const FieldRule* rule = rules->Find(field);
      if (rule == nullptr) return absl::DataLossError("a sealed value is of an unknown field");
      places.push_back({&one, rule->definition.key});
      items.push_back({record.id, field, std::move(ciphertext), record.subject});
    }
  }
  if (items.empty()) return shown;
  const absl::StatusOr<std::vector<OpenedValue>> opened = sealer_.Open(WithPatience(call), items);
  const bool is_shredded = ReasonOf(opened.status()) == kKeyShredded;
  if (!opened.ok() && !is_shredded && !IsAway(opened.status())) return opened.status();
  for (size_t i = 0; i < places.size(); ++i) {
    if (!opened.ok()) {
      MarkUnavailable(places[i], is_shredded ? kKeyShredded : "VAULT_UNAVAILABLE");
    } else if ((*opened)[i].error == kKeyShredded) {
      MarkUnavailable(places[i], kKeyShredded);
    } else if (!(*opened)[i].error.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "SEALED_VALUE_UNREADABLE",
                   "a sealed value does not open");
    } else {
      auto& values = *places[i].record->mutable_values()->mutable_fields();
      ASSIGN_OR_RETURN(values[places[i].key], ParseStored((*opened)[i].bytes));
    }
  }
  // What was opened may be numbers too.
  CutTo(most, &shown);
  return shown;
}

}  // namespace kasbah::tenantdata
