#pragma once

#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/rpc/record_sealer.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/import_store.h"
#include "services/tenant_data/store/record_batch_writer.h"

namespace kasbah::tenantdata {

// ImportRecords: a file's rows in batches. What a batch creates, what it refuses and how far the
// file is done with commit together, so an import that is killed, cut off or begun again neither
// loses nor doubles a row. It holds a batch and a piece of the file, however large that is. Each
// batch goes by the collection's definition as it is then. Thread safe.
class RecordImporter {
 public:
  RecordImporter(postgres::Database& database, outbox::Outbox& outbox, Definitions& definitions,
                 ReferenceCheck& references, RecordSealer& sealer, RecordBatchWriter& batches,
                 const Clock& clock)
      : database_(database),
        outbox_(outbox),
        definitions_(definitions),
        references_(references),
        sealer_(sealer),
        batches_(batches),
        clock_(clock) {}

  absl::Status Import(const rpc::Call& call, rpc::StreamReader<v1::ImportRecordsRequest>& reader,
                      rpc::StreamWriter<v1::ImportRecordsResponse>& writer);

 private:
  class Run;

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  Definitions& definitions_;
  ReferenceCheck& references_;
  RecordSealer& sealer_;
  RecordBatchWriter& batches_;
  const Clock& clock_;
  ImportStore imports_;
};

}  // namespace kasbah::tenantdata
