#pragma once

#include "libs/ciphertexts/single_ciphertexts.h"

namespace kasbah::audit {

// The secrets of sinks, as what they are to the key that sealed them. A place is "snk_…".
class SealedSinks final : public ciphertexts::SingleCiphertexts<SinkId> {
 public:
  explicit SealedSinks(postgres::Database& database);
};

}  // namespace kasbah::audit
