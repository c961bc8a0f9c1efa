#pragma once

#include "libs/ciphertexts/ciphertext_store.h"
#include "libs/postgres/database.h"

namespace kasbah::audit {

// The secrets of sinks, as what they are to the key that sealed them. A place is "snk_…".
class SealedSinks final : public ciphertexts::CiphertextStore {
 public:
  explicit SealedSinks(postgres::Database& database) : database_(database) {}

  absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext& call) override;
  absl::StatusOr<std::vector<ciphertexts::Row>> After(const CallContext& call,
                                                      uint32_t below_version,
                                                      const std::string& place, int limit) override;
  absl::StatusOr<uint64_t> Replace(const CallContext& call,
                                   const std::vector<ciphertexts::Row>& before,
                                   const std::vector<ciphertexts::Row>& after) override;

 private:
  postgres::Database& database_;
};

}  // namespace kasbah::audit
