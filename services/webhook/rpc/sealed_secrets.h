#pragma once

#include "libs/ciphertexts/single_ciphertexts.h"

namespace kasbah::webhook {

// The secrets of endpoints, as what they are to the key that sealed them. A place is "ep_…".
class SealedSecrets final : public ciphertexts::SingleCiphertexts<EndpointId> {
 public:
  explicit SealedSecrets(postgres::Database& database);
};

}  // namespace kasbah::webhook
