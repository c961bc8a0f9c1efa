#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/base/clock.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_sealer.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/rpc/value_mover.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_writer.h"

namespace kasbah::tenantdata {

// Whose a new record is: the named customer's, else the call's. A call for one customer makes
// records of no other.
absl::StatusOr<std::optional<CustomerId>> OwnerOf(const rpc::Call& call, const std::string& named);

// Creates single records: values are checked against their collection, what is sealed goes through
// the vault before it is kept, and the record commits with its history and events. Thread safe.
class RecordCreator {
 public:
  RecordCreator(Definitions& definitions, ReferenceCheck& references, ValueMover& mover,
                RecordSealer& sealer, RecordReader& reader, RecordWriter& writer,
                const Clock& clock)
      : definitions_(definitions),
        references_(references),
        mover_(mover),
        sealer_(sealer),
        reader_(reader),
        writer_(writer),
        clock_(clock) {}

  absl::StatusOr<v1::Record> Create(const rpc::Call& call, const v1::CreateRecordRequest& request);
  // The same without waiting, for a record that needs nothing but to be written: no other record's,
  // file's or vault's word. Defers everything else, and what is wrong.
  void Start(const rpc::Call& call, const v1::CreateRecordRequest& request,
             rpc::Answer<v1::Record> answer);

 private:
  absl::StatusOr<v1::Record> CreateOnce(const rpc::Call& call,
                                        const v1::CreateRecordRequest& request);

  Definitions& definitions_;
  ReferenceCheck& references_;
  ValueMover& mover_;
  RecordSealer& sealer_;
  RecordReader& reader_;
  RecordWriter& writer_;
  const Clock& clock_;
};

}  // namespace kasbah::tenantdata
