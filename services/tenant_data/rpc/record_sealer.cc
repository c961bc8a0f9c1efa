#include "services/tenant_data/rpc/record_sealer.h"

#include <algorithm>
#include <future>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/sealed_values.h"

namespace kasbah::tenantdata {

namespace {

absl::Status Shredded() {
  return Error(absl::StatusCode::kFailedPrecondition, kKeyShredded,
               "whose data this is was erased");
}

}  // namespace

absl::Status RecordSealer::Seal(const CallContext& call, const RuleTable& rules,
                                const std::vector<NewRecord*>& records) {
  ASSIGN_OR_RETURN(const std::vector<bool> sealed, SealMost(call, rules, records));
  if (std::find(sealed.begin(), sealed.end(), false) == sealed.end()) return absl::OkStatus();
  return Shredded();
}

absl::StatusOr<std::vector<bool>> RecordSealer::SealMost(const CallContext& call,
                                                         const RuleTable& rules,
                                                         const std::vector<NewRecord*>& records) {
  std::vector<SealItem> to_seal;
  std::vector<BlindItem> to_index;
  // For each of `to_index`, its record.
  std::vector<NewRecord*> indexed;
  for (NewRecord* record : records) {
    for (const Unsealed& value : record->values.to_seal) {
      to_seal.push_back({record->id, value.field, value.json, record->subject});
      if (!rules.Find(value.field)->definition.searchable) continue;
      to_index.push_back({value.field, value.json});
      indexed.push_back(record);
    }
  }
  std::vector<bool> all(records.size(), true);
  if (to_seal.empty()) return all;
  std::future<absl::StatusOr<std::vector<std::string>>> indexing;
  if (!to_index.empty()) {
    indexing = std::async(std::launch::async, [&] { return indexer_.Index(call, to_index); });
  }
  absl::StatusOr<std::vector<SealedValue>> ciphertexts = sealer_.Seal(call, to_seal);
  absl::StatusOr<std::vector<std::string>> indexes = std::vector<std::string>();
  if (indexing.valid()) indexes = indexing.get();
  RETURN_IF_ERROR(ciphertexts.status());
  RETURN_IF_ERROR(indexes.status());
  size_t next = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    SealedValues sealed;
    for (const Unsealed& value : records[i]->values.to_seal) {
      SealedValue& ciphertext = (*ciphertexts)[next++];
      all[i] = all[i] && ciphertext.has_value();
      if (ciphertext) sealed.emplace(value.field, *std::move(ciphertext));
    }
    if (all[i]) records[i]->sealed = PackSealed(sealed);
  }
  for (size_t i = 0; i < to_index.size(); ++i) {
    indexed[i]->blind.push_back({to_index[i].field, std::move((*indexes)[i])});
  }
  return all;
}

absl::StatusOr<SealedValues> RecordSealer::Reseal(const CallContext& call, RecordId record,
                                                  const SealedValues& sealed,
                                                  const std::string& subject) {
  std::vector<SealItem> items;
  for (const auto& [field, ciphertext] : sealed) items.push_back({record, field, ciphertext, ""});
  SealedValues anew;
  if (items.empty()) return anew;
  ASSIGN_OR_RETURN(std::vector<OpenedValue> opened, sealer_.Open(call, items));
  for (size_t i = 0; i < items.size(); ++i) {
    if (!opened[i].error.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "SEALED_VALUE_UNREADABLE",
                   "a sealed value does not open");
    }
    items[i].bytes = std::move(opened[i].bytes);
    items[i].subject = subject;
  }
  ASSIGN_OR_RETURN(std::vector<SealedValue> ciphertexts, sealer_.Seal(call, items));
  for (size_t i = 0; i < items.size(); ++i) {
    if (!ciphertexts[i]) return Shredded();
    anew.emplace(items[i].field, *std::move(ciphertexts[i]));
  }
  return anew;
}

}  // namespace kasbah::tenantdata
