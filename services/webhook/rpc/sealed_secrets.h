#pragma once

#include "libs/ciphertexts/ciphertext_store.h"
#include "libs/postgres/database.h"
#include "services/webhook/store/endpoint_store.h"

namespace kasbah::webhook {

// The secrets of endpoints, as what they are to the key that sealed them. A place is "ep_…".
class SealedSecrets final : public ciphertexts::CiphertextStore {
 public:
  explicit SealedSecrets(postgres::Database& database) : database_(database) {}

  absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext& call) override;
  absl::StatusOr<std::vector<ciphertexts::Row>> After(const CallContext& call,
                                                      uint32_t below_version,
                                                      const std::string& place, int limit) override;
  absl::StatusOr<uint64_t> Replace(const CallContext& call,
                                   const std::vector<ciphertexts::Row>& before,
                                   const std::vector<ciphertexts::Row>& after) override;

 private:
  postgres::Database& database_;
  EndpointStore endpoints_;
};

}  // namespace kasbah::webhook
