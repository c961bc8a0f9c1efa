#include "services/tenant_data/rpc/subject_pages.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/rpc/record_pages.h"
#include "services/tenant_data/store/exported_records.h"

namespace kasbah::tenantdata {
namespace {

using postgres::AnyStateToken;
using postgres::Transaction;
using subject::v1::ExportSubjectResponse;

constexpr std::string_view kFileName = "tenant_data.files.name";
constexpr std::string_view kFileSubject = "tenant_data.files.subject";
constexpr std::string_view kSubject = "tenant_data.records.subject";
// What a record that is theirs says, and what it said.
constexpr std::string_view kData = "tenant_data.records.data";
constexpr std::string_view kPast = "tenant_data.record_history.data";

constexpr std::string_view kFiles = "files";
constexpr std::string_view kRecords = "records";
constexpr std::string_view kHistory = "history";
constexpr int64_t kFilesAtOnce = 1000;

void Add(std::string_view column, std::string row, std::string value,
         ExportSubjectResponse* reply) {
  if (value.empty()) return;
  subject::v1::PersonalValue* const added = reply->add_values();
  added->set_column(std::string(column));
  added->set_row_id(std::move(row));
  added->set_value(std::move(value));
}

std::vector<StoredRecord> StoredOf(const std::vector<ExportedRecord>& records) {
  std::vector<StoredRecord> stored;
  for (const ExportedRecord& exported : records) stored.push_back(exported.record);
  return stored;
}

}  // namespace

struct SubjectPages::Place {
  // One of the three above; empty: there is nothing more.
  std::string of;
  // A file or a record.
  Uuid after;
  int64_t version = 0;
};

absl::StatusOr<SubjectPages::Place> SubjectPages::Parse(const std::string& token) {
  Place place{std::string(kFiles), Uuid(), 0};
  if (token.empty()) return place;
  const std::vector<std::string> parts = absl::StrSplit(token, '|');
  const auto id = parts.size() == 3 ? Uuid::Parse(parts[1]) : absl::StatusOr<Uuid>(Uuid());
  const bool is_known = parts[0] == kFiles || parts[0] == kRecords || parts[0] == kHistory;
  if (!is_known || parts.size() != 3 || !id.ok() || !absl::SimpleAtoi(parts[2], &place.version)) {
    return InvalidField("page_token", "is not of this list");
  }
  place.of = parts[0];
  place.after = *id;
  return place;
}

std::string SubjectPages::Format(const Place& place) {
  return place.of.empty() ? "" : StrCat(place.of, "|", place.after.ToString(), "|", place.version);
}

absl::Status SubjectPages::AddPage(const CallContext& call, const std::string& subject,
                                   const std::string& token, ExportSubjectResponse* reply) {
  ASSIGN_OR_RETURN(Place place, Parse(token));
  const int before = reply->values_size();
  while (!place.of.empty() && reply->values_size() == before) {
    if (place.of == kFiles) {
      RETURN_IF_ERROR(AddFiles(call, subject, &place, reply));
    } else if (place.of == kRecords) {
      RETURN_IF_ERROR(AddRecords(call, subject, &place, reply));
    } else {
      RETURN_IF_ERROR(AddPast(call, subject, &place, reply));
    }
  }
  reply->set_next_page_token(Format(place));
  return absl::OkStatus();
}

absl::Status SubjectPages::AddFiles(const CallContext& call, const std::string& subject,
                                    Place* place, ExportSubjectResponse* reply) {
  ASSIGN_OR_RETURN(
      const std::vector<FileStore::OfSubject> files,
      database_.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return files_.FindOfSubject(tx, call, subject, FileId(place->after), kFilesAtOnce);
      }));
  for (const FileStore::OfSubject& file : files) {
    Add(kFileName, file.id.ToString(), file.name, reply);
    Add(kFileSubject, file.id.ToString(), subject, reply);
    place->after = file.id.uuid();
  }
  if (files.size() < static_cast<size_t>(kFilesAtOnce)) *place = {std::string(kRecords), Uuid(), 0};
  return absl::OkStatus();
}

absl::Status SubjectPages::AddRecords(const CallContext& call, const std::string& subject,
                                      Place* place, ExportSubjectResponse* reply) {
  ASSIGN_OR_RETURN(
      const std::vector<ExportedRecord> records,
      database_.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return ExportedRecords::OfSubject(tx, call.tenant, subject, RecordId(place->after));
      }));
  if (records.empty()) *place = {std::string(kHistory), Uuid(), 0};
  ASSIGN_OR_RETURN(const std::vector<v1::Record> shown, opener_.Show(call, StoredOf(records)));
  for (size_t i = 0; i < shown.size(); ++i) {
    RETURN_IF_ERROR(RequireOpened(shown[i]));
    ASSIGN_OR_RETURN(std::string values, ValuesAsJson(shown[i]));
    Add(kSubject, shown[i].record_id(), subject, reply);
    Add(kData, shown[i].record_id(), std::move(values), reply);
    place->after = records[i].record.id.uuid();
  }
  return absl::OkStatus();
}

absl::Status SubjectPages::AddPast(const CallContext& call, const std::string& subject,
                                   Place* place, ExportSubjectResponse* reply) {
  ASSIGN_OR_RETURN(
      const std::vector<ExportedRecord> versions,
      database_.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return ExportedRecords::PastOfSubject(tx, call.tenant, subject, RecordId(place->after),
                                              place->version);
      }));
  if (versions.empty()) *place = Place();
  ASSIGN_OR_RETURN(const std::vector<v1::Record> shown, opener_.Show(call, StoredOf(versions)));
  for (size_t i = 0; i < shown.size(); ++i) {
    const uint64_t version = versions[i].record.version;
    ASSIGN_OR_RETURN(std::string row, RowOf(versions[i], shown[i]));
    Add(kPast, StrCat(shown[i].record_id(), "/", version), std::move(row), reply);
    place->after = versions[i].record.id.uuid();
    place->version = static_cast<int64_t>(version);
  }
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
