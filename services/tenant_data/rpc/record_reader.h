#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/postgres/database.h"
#include "libs/rpc/call.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/store/customer_store.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_store.h"

namespace kasbah::tenantdata {

// Reads records and shows them with their sealed values opened. Thread safe.
class RecordReader {
 public:
  RecordReader(postgres::Database& database, Definitions& definitions, FieldSealer& sealer)
      : database_(database), definitions_(definitions), sealer_(sealer) {}

  // As it is kept: one round trip. NOT_FOUND; CUSTOMER_SUSPENDED of the call's own customer.
  absl::StatusOr<StoredRecord> Find(const rpc::Call& call, RecordId id);
  absl::StatusOr<v1::Record> Get(const rpc::Call& call, RecordId id);
  absl::StatusOr<v1::ListRecordsResponse> List(const rpc::Call& call,
                                               const v1::ListRecordsRequest& request);
  absl::StatusOr<v1::ListRecordHistoryResponse> History(
      const rpc::Call& call, const v1::ListRecordHistoryRequest& request);

  // Opens ciphertexts of one record into `values`, under the keys that `rules` has for them.
  absl::Status Open(const rpc::Call& call, const RuleTable& rules, RecordId record,
                    const SealedValues& sealed, google::protobuf::Struct* values);

 private:
  // With their values, sealed ones opened in one call for all of them.
  absl::StatusOr<std::vector<v1::Record>> Show(const rpc::Call& call,
                                               const std::vector<StoredRecord>& records);
  absl::StatusOr<v1::RecordVersion> ShowVersion(const rpc::Call& call,
                                                const StoredVersion& version);

  postgres::Database& database_;
  Definitions& definitions_;
  FieldSealer& sealer_;
  CustomerStore customers_;
  RecordStore records_;
};

}  // namespace kasbah::tenantdata
