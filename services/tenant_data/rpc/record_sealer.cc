#include "services/tenant_data/rpc/record_sealer.h"

#include <future>
#include <utility>

#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/sealed_values.h"

namespace kasbah::tenantdata {

absl::Status RecordSealer::Seal(const CallContext& call, const RuleTable& rules,
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
  if (to_seal.empty()) return absl::OkStatus();
  std::future<absl::StatusOr<std::vector<std::string>>> indexing;
  if (!to_index.empty()) {
    indexing = std::async(std::launch::async, [&] { return indexer_.Index(call, to_index); });
  }
  absl::StatusOr<std::vector<std::string>> ciphertexts = sealer_.Seal(call, to_seal);
  absl::StatusOr<std::vector<std::string>> indexes = std::vector<std::string>();
  if (indexing.valid()) indexes = indexing.get();
  RETURN_IF_ERROR(ciphertexts.status());
  RETURN_IF_ERROR(indexes.status());
  size_t next = 0;
  for (NewRecord* record : records) {
    SealedValues sealed;
    for (const Unsealed& value : record->values.to_seal) {
      sealed.emplace(value.field, std::move((*ciphertexts)[next++]));
    }
    record->sealed = PackSealed(sealed);
  }
  for (size_t i = 0; i < to_index.size(); ++i) {
    indexed[i]->blind.push_back({to_index[i].field, std::move((*indexes)[i])});
  }
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
