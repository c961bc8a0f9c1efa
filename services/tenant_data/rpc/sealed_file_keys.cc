#include "services/tenant_data/rpc/sealed_file_keys.h"

#include "services/tenant_data/files/data_keys.h"
#include "services/tenant_data/store/file_store.h"

namespace kasbah::tenantdata {

SealedFileKeys::SealedFileKeys(postgres::Database& database)
    : SingleCiphertexts(database, {FileKeyStore::Count, FileKeyStore::After, FileKeyStore::Replace,
                                   FileContext}) {}

}  // namespace kasbah::tenantdata
