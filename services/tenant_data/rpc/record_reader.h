#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/postgres/database.h"
#include "libs/rpc/call.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/rpc/blind_indexer.h"
#include "services/tenant_data/rpc/record_opener.h"
#include "services/tenant_data/store/cursor_keys.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_list.h"
#include "services/tenant_data/store/record_store.h"
#include "services/tenant_data/store/value_store.h"

namespace kasbah::tenantdata {

// Reads records: as they are, as they were, and in lists. Thread safe.
class RecordReader {
 public:
  RecordReader(postgres::Database& database, Definitions& definitions, RecordOpener& opener,
               BlindIndexer& indexer, CursorKeys& cursor_keys)
      : database_(database),
        definitions_(definitions),
        opener_(opener),
        indexer_(indexer),
        cursor_keys_(cursor_keys) {}

  // As it is kept: one round trip. NOT_FOUND; CUSTOMER_SUSPENDED of the call's own customer.
  absl::StatusOr<StoredRecord> Find(const rpc::Call& call, RecordId id);
  // The same of a deleted record.
  absl::StatusOr<StoredRecord> FindDeleted(const rpc::Call& call, RecordId id);
  // Who has a unique value, if somebody whom the call may see.
  absl::StatusOr<std::optional<RecordId>> FindByUnique(const rpc::Call& call,
                                                       const UniqueEntry& unique);
  absl::StatusOr<v1::Record> Get(const rpc::Call& call, RecordId id);
  // The same without a thread that waits, where the vault is not needed.
  void StartGet(const rpc::Call& call, RecordId id, rpc::Answer<v1::Record> answer);
  absl::StatusOr<v1::Record> GetAsOf(const rpc::Call& call, const v1::GetRecordRequest& request);
  absl::StatusOr<v1::BatchGetRecordsResponse> BatchGet(const rpc::Call& call,
                                                       const v1::BatchGetRecordsRequest& request);
  absl::StatusOr<v1::ListRecordsResponse> List(const rpc::Call& call,
                                               const v1::ListRecordsRequest& request);
  absl::StatusOr<v1::ListRecordHistoryResponse> History(
      const rpc::Call& call, const v1::ListRecordHistoryRequest& request);

  // `filter` of a collection, its sealed values looked up.
  absl::StatusOr<Filter> FilterOf(const rpc::Call& call, const RuleTable& rules,
                                  const std::string& filter,
                                  const google::protobuf::Struct& equals);
  // The next of a list, at most `size`, over the place where records without a value in the order's
  // field begin.
  absl::StatusOr<ListedPage> Page(const rpc::Call& call, const Listing& listing, Cursor after,
                                  int64_t size);

 private:
  absl::Status AddTotal(const rpc::Call& call, const Listing& listing,
                        v1::ListRecordsResponse* reply);
  absl::StatusOr<v1::RecordVersion> ShowVersion(const rpc::Call& call,
                                                const StoredVersion& version);

  postgres::Database& database_;
  Definitions& definitions_;
  RecordOpener& opener_;
  BlindIndexer& indexer_;
  CursorKeys& cursor_keys_;
  RecordStore records_;
  ValueStore values_;
  RecordList list_;
};

}  // namespace kasbah::tenantdata
