#include "services/vault/rpc/key_user.h"

namespace kasbah::vault {

absl::StatusOr<KeyUser::SubjectShares> KeyUser::SharesOf(const CallContext& call,
                                                         const KeyLease& lease,
                                                         const std::vector<std::string>& subjects,
                                                         bool make) {
  std::shared_ptr<const Kek> kek = lease.kek();
  if (kek == nullptr) {
    std::optional<StoredKek> stored;
    ASSIGN_OR_RETURN(kek, ring_.GetOrMakeKek(call, &stored));
  }
  if (kek == nullptr) return InvalidField("subject", "the installation itself has none");
  ASSIGN_OR_RETURN(const auto shares, subjects_.Get(call, *kek, lease.id(), subjects, make));
  SubjectShares by_subject;
  for (size_t i = 0; i < subjects.size(); ++i) by_subject.emplace(subjects[i], shares[i]);
  return by_subject;
}

bool KeyUser::IsOfItem(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return !ReasonOf(status).empty();
    default:
      return false;
  }
}

bool KeyUser::IsOfNextVersion(const KeyLease& lease, std::string_view ciphertext) {
  const auto named = crypto::ciphertext_v1::ParseKeyRef(ciphertext);
  return named.ok() && named->key_id == lease.id().uuid() &&
         named->version == lease.primary_version() + 1;
}

}  // namespace kasbah::vault
