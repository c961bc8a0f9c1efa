#include "services/audit/rpc/sealed_sinks.h"

#include "services/audit/sinks/sink_secrets.h"
#include "services/audit/store/sink_store.h"

namespace kasbah::audit {

SealedSinks::SealedSinks(postgres::Database& database)
    : SingleCiphertexts(database, {sink_store::CountSecrets, sink_store::SecretsAfter,
                                   sink_store::ReplaceSecrets, SecretContext}) {}

}  // namespace kasbah::audit
