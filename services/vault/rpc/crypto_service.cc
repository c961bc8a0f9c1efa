#include "services/vault/rpc/crypto_service.h"

namespace kasbah::vault {

CryptoService::CryptoService(rpc::Pipeline& pipeline, KeyRing& ring, SubjectRing& subjects,
                             outbox::CountedEvents& counted)
    : pipeline_(pipeline), keys_(ring, subjects, counted) {}

}  // namespace kasbah::vault
