#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/rpc/record_opener.h"
#include "services/tenant_data/store/exported_records.h"

namespace kasbah::tenantdata {

// The values of a record as JSON.
absl::StatusOr<std::string> ValuesAsJson(const v1::Record& shown);
// UNAVAILABLE where a sealed value cannot be opened just now; one whose key was shredded is no
// error.
absl::Status RequireOpened(const v1::Record& shown);
// A record, or what it once was, as a JSON object of an export. UNAVAILABLE as above.
absl::StatusOr<std::string> RowOf(const ExportedRecord& exported, const v1::Record& shown);

// A tenant's records and their past as pages of an export: with their sealed values opened, those
// of a collection together. Thread safe.
class RecordPages {
 public:
  RecordPages(postgres::Database& database, RecordOpener& opener)
      : database_(database), opener_(opener) {}

  // "tenant_data.records" and "tenant_data.record_history".
  static bool Has(std::string_view table);

  struct Page {
    // "tenant_data.records/invoices".
    std::string member;
    // JSON objects.
    std::vector<std::string> rows;
    // JSON; empty: there is nothing more.
    std::string cursor;
  };
  // UNAVAILABLE while sealed values cannot be opened; those whose key was shredded are named as
  // such.
  absl::StatusOr<Page> After(const CallContext& call, std::string_view table,
                             const std::string& cursor);

 private:
  absl::StatusOr<Page> Records(const CallContext& call, const std::string& cursor);
  absl::StatusOr<Page> Past(const CallContext& call, const std::string& cursor);
  absl::Status Show(const CallContext& call, const std::vector<ExportedRecord>& records,
                    std::vector<std::string>* rows);

  postgres::Database& database_;
  RecordOpener& opener_;
};

}  // namespace kasbah::tenantdata
