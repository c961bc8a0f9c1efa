#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "kasbah/subject/v1/subject.pb.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/rpc/record_opener.h"
#include "services/tenant_data/store/file_store.h"

namespace kasbah::tenantdata {

// What there may be much of about one person, page by page: their files, their records, and what
// these once were. Some MB at the most are held at a time. Thread safe.
class SubjectPages {
 public:
  SubjectPages(postgres::Database& database, RecordOpener& opener)
      : database_(database), opener_(opener) {}

  // Adds the page that `token` says, and where the next begins. INVALID_ARGUMENT for a token of
  // something else; UNAVAILABLE while sealed values cannot be opened.
  absl::Status AddPage(const CallContext& call, const std::string& subject,
                       const std::string& token, subject::v1::ExportSubjectResponse* reply);

 private:
  // Where a page begins.
  struct Place;
  static absl::StatusOr<Place> Parse(const std::string& token);
  static std::string Format(const Place& place);

  // Each adds a page and moves on; to what comes next where this is all.
  absl::Status AddFiles(const CallContext& call, const std::string& subject, Place* place,
                        subject::v1::ExportSubjectResponse* reply);
  absl::Status AddRecords(const CallContext& call, const std::string& subject, Place* place,
                          subject::v1::ExportSubjectResponse* reply);
  absl::Status AddPast(const CallContext& call, const std::string& subject, Place* place,
                       subject::v1::ExportSubjectResponse* reply);

  postgres::Database& database_;
  RecordOpener& opener_;
  FileStore files_;
};

}  // namespace kasbah::tenantdata
