#pragma once

#include "absl/status/status.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/rpc/record_opener.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/store/definitions.h"

namespace kasbah::tenantdata {

// ExportRecords: a collection page by page, as lines that ImportRecords takes. The event commits
// before the first value leaves. An export whose sealed values do not open ends with that error: a
// file that lacks some is worse than none. Thread safe.
class RecordExporter {
 public:
  RecordExporter(postgres::Database& database, outbox::Outbox& outbox, Definitions& definitions,
                 RecordReader& reader, RecordOpener& opener, const Clock& clock)
      : database_(database),
        outbox_(outbox),
        definitions_(definitions),
        reader_(reader),
        opener_(opener),
        clock_(clock) {}

  absl::Status Export(const rpc::Call& call, const v1::ExportRecordsRequest& request,
                      rpc::StreamWriter<v1::ExportRecordsResponse>& writer);

 private:
  absl::Status Announce(const CallContext& call, const RuleTable& rules, bool is_filtered);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  Definitions& definitions_;
  RecordReader& reader_;
  RecordOpener& opener_;
  const Clock& clock_;
};

}  // namespace kasbah::tenantdata
