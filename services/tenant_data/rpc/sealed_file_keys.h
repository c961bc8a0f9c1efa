#pragma once

#include "libs/ciphertexts/single_ciphertexts.h"

namespace kasbah::tenantdata {

// The keys of files, as what they are to the key that sealed them. A place is "fil_…".
class SealedFileKeys final : public ciphertexts::SingleCiphertexts<FileId> {
 public:
  explicit SealedFileKeys(postgres::Database& database);
};

}  // namespace kasbah::tenantdata
