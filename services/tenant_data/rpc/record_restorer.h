#pragma once

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/rpc/call.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/rpc/record_opener.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_sealer.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_writer.h"

namespace kasbah::tenantdata {

// Brings deleted records back: under the collection's definition as it is now, with its unique
// values claimed and its indexes made anew. Thread safe.
class RecordRestorer {
 public:
  RecordRestorer(Definitions& definitions, ReferenceCheck& references, FieldSealer& field_sealer,
                 BlindIndexer& indexer, RecordSealer& sealer, RecordOpener& opener,
                 RecordReader& reader, RecordWriter& writer)
      : definitions_(definitions),
        references_(references),
        field_sealer_(field_sealer),
        indexer_(indexer),
        sealer_(sealer),
        opener_(opener),
        reader_(reader),
        writer_(writer) {}

  absl::StatusOr<v1::Record> Restore(const rpc::Call& call,
                                     const v1::RestoreRecordRequest& request);

 private:
  absl::StatusOr<v1::Record> RestoreOnce(const rpc::Call& call,
                                         const v1::RestoreRecordRequest& request);
  // What searchable values that the record keeps are found by.
  absl::StatusOr<std::vector<BlindEntry>> IndexKept(const rpc::Call& call, const RuleTable& rules,
                                                    const StoredRecord& stored,
                                                    const SealedValues& kept);

  Definitions& definitions_;
  ReferenceCheck& references_;
  FieldSealer& field_sealer_;
  BlindIndexer& indexer_;
  RecordSealer& sealer_;
  RecordOpener& opener_;
  RecordReader& reader_;
  RecordWriter& writer_;
};

}  // namespace kasbah::tenantdata
