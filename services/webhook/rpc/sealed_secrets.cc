#include "services/webhook/rpc/sealed_secrets.h"

#include "services/webhook/delivery/vault_signer.h"
#include "services/webhook/store/endpoint_store.h"

namespace kasbah::webhook {

SealedSecrets::SealedSecrets(postgres::Database& database)
    : SingleCiphertexts(database, {EndpointStore::CountSecrets, EndpointStore::SecretsAfter,
                                   EndpointStore::ReplaceSecrets, SecretContext}) {}

}  // namespace kasbah::webhook
