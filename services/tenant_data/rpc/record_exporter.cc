#include "services/tenant_data/rpc/record_exporter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/rpc/export_rows.h"

namespace kasbah::tenantdata {
namespace {

constexpr int64_t kPage = 500;
constexpr size_t kPieceBytes = 256 * 1024;
// Records that are in memory as messages at a time.
constexpr size_t kShownBytes = 4'000'000;
constexpr absl::Duration kPageDeadline = absl::Seconds(60);

absl::Status Unavailable(const v1::UnavailableValue& value) {
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, value.reason(),
                              "a sealed value cannot be opened; the export ends here"),
                        absl::Seconds(1));
}

}  // namespace

absl::Status RecordExporter::Export(const rpc::Call& call, const v1::ExportRecordsRequest& request,
                                    rpc::StreamWriter<v1::ExportRecordsResponse>& writer) {
  rpc::Call page_call = call;
  const auto renew = [&] {
    page_call.deadline = std::min(call.deadline, clock_.Now() + kPageDeadline);
  };
  renew();
  ASSIGN_OR_RETURN(const auto rules, definitions_.Current(page_call, request.collection()));
  Listing listing{rules->collection_id(), Filter(), Order(), call.customer};
  ASSIGN_OR_RETURN(listing.filter, reader_.FilterOf(page_call, *rules, request.filter(), {}));
  RETURN_IF_ERROR(Announce(page_call, *rules, !request.filter().empty()));
  v1::ExportRecordsResponse reply;
  const auto send = [&]() -> absl::Status {
    RETURN_IF_ERROR(writer.Write(reply));
    reply.clear_data();
    return absl::OkStatus();
  };
  if (request.format() == v1::LINE_FORMAT_CSV) AppendCsvHeader(*rules, reply.mutable_data());
  Cursor after;
  while (true) {
    renew();
    ASSIGN_OR_RETURN(const ListedPage page, reader_.Page(page_call, listing, after, kPage));
    std::vector<StoredRecord> records;
    for (const ListedRecord& listed : page.records) records.push_back(listed.record);
    while (!records.empty()) {
      ASSIGN_OR_RETURN(const std::vector<v1::Record> shown,
                       opener_.ShowWithin(page_call, records, kShownBytes));
      for (const v1::Record& record : shown) {
        for (const v1::UnavailableValue& value : record.unavailable()) {
          // What was erased is no value any more.
          if (value.reason() != kKeyShredded) return Unavailable(value);
        }
        RETURN_IF_ERROR(AppendRow(*rules, request.format(), record.values(), reply.mutable_data()));
        reply.set_records(reply.records() + 1);
        if (reply.data().size() >= kPieceBytes) RETURN_IF_ERROR(send());
      }
      records.erase(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(shown.size()));
    }
    if (!page.looked_to && static_cast<int64_t>(page.records.size()) < kPage) break;
    after = page.looked_to ? *page.looked_to : page.records.back().cursor;
  }
  return send();
}

absl::Status RecordExporter::Announce(const CallContext& call, const RuleTable& rules,
                                      bool is_filtered) {
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "record.export",
                          {"collection", rules.collection_id().ToString(), rules.collection().key},
                          {{"filtered", is_filtered ? "true" : "false"}}));
  });
}

}  // namespace kasbah::tenantdata
