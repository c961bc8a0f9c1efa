#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/rpc/call.h"
#include "services/tenant_data/rpc/record_creator.h"
#include "services/tenant_data/rpc/record_opener.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_sealer.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/rpc/value_mover.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_writer.h"

namespace kasbah::tenantdata {

// Changes single records: values are checked against their collection, what is sealed goes through
// the vault before it is kept, and each change commits with its history and events. Thread safe.
class RecordChanger {
 public:
  RecordChanger(Definitions& definitions, ReferenceCheck& references, ValueMover& mover,
                RecordSealer& sealer, RecordOpener& opener, RecordReader& reader,
                RecordWriter& writer, RecordCreator& creator)
      : definitions_(definitions),
        references_(references),
        mover_(mover),
        sealer_(sealer),
        opener_(opener),
        reader_(reader),
        writer_(writer),
        creator_(creator) {}

  absl::StatusOr<v1::Record> Update(const rpc::Call& call, const v1::UpdateRecordRequest& request);
  absl::StatusOr<v1::UpsertRecordResponse> Upsert(const rpc::Call& call,
                                                  const v1::UpsertRecordRequest& request);

 private:
  // `stored` as it was read, changed as `request` says; ETAG_MISMATCH when it changed since.
  absl::StatusOr<v1::Record> Change(const rpc::Call& call, const StoredRecord& stored,
                                    const v1::UpdateRecordRequest& request);
  absl::StatusOr<v1::Record> ChangeOnce(const rpc::Call& call, const StoredRecord& stored,
                                        const v1::UpdateRecordRequest& request);

  Definitions& definitions_;
  ReferenceCheck& references_;
  ValueMover& mover_;
  RecordSealer& sealer_;
  RecordOpener& opener_;
  RecordReader& reader_;
  RecordWriter& writer_;
  RecordCreator& creator_;
};

}  // namespace kasbah::tenantdata
