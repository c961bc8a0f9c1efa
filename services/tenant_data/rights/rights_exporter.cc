#include "services/tenant_data/rights/rights_exporter.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/channel.h"
#include "services/tenant_data/files/file_downloads.h"
#include "services/tenant_data/rights/manifest.h"
#include <nlohmann/json.hpp>

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;
using Action = RightsStep::Action;
using Stub = subject::v1::SubjectService::Stub;

constexpr std::string_view kHere = "tenant-data";
constexpr char kManifestName[] = "manifest.json";
constexpr char kChecksumsName[] = "SHA256SUMS";

// "auth.memberships" → "memberships": the service is the folder.
std::string WithoutSchema(const std::string& table) {
  const size_t dot = table.find('.');
  return dot == std::string::npos ? table : table.substr(dot + 1);
}

// "auth/memberships-00001.jsonl".
std::string NumberedName(const std::string& prefix, int64_t number) {
  return StrCat(prefix, absl::Dec(number, absl::kZeroPad5), ".jsonl");
}

RightsNote NextStep(const RightsOperation& operation) {
  RightsNote note;
  note.step = operation.step + 1;
  return note;
}

}  // namespace

absl::StatusOr<RightsNote> RightsExporter::Do(const CallContext& call,
                                              const RightsOperation& operation,
                                              const HoldOn& hold_on) {
  const RightsStep& step = StepsOf(operation.kind)[operation.step];
  const std::string service(step.service);
  switch (step.action) {
    case Action::kExportSubject:
      return ExportSubject(call, operation, service);
    case Action::kExportTenant:
      return ExportTenant(call, operation, service);
    case Action::kExportFiles:
      return ExportFile(call, operation, hold_on);
    case Action::kManifest:
      return Manifest(call, operation);
    default:
      Crash("not a step of an export", __FILE__, __LINE__);
  }
}

absl::Status RightsExporter::Write(const CallContext& call, const RightsOperation& operation,
                                   const std::string& content, RightsNote* note) {
  ASSIGN_OR_RETURN(note->piece,
                   ArchivePiece::Begin(parts_.files, call, operation.id, note->member.name,
                                       static_cast<int64_t>(content.size())));
  RETURN_IF_ERROR(note->piece->Append(content));
  return note->piece->Finish();
}

absl::StatusOr<int64_t> RightsExporter::CountMembers(const CallContext& call,
                                                     const RightsOperation& operation,
                                                     const std::string& prefix) {
  return parts_.database.WithTenant(call, [&](Transaction& tx) {
    return RightsStore::CountMembers(tx, call.tenant, operation.id, prefix);
  });
}

absl::StatusOr<RightsNote> RightsExporter::ExportSubject(const CallContext& call,
                                                         const RightsOperation& operation,
                                                         const std::string& service) {
  subject::v1::ExportSubjectRequest request;
  request.mutable_subject()->set_id(operation.subject);
  request.set_page_token(operation.cursor);
  ASSIGN_OR_RETURN(const subject::v1::ExportSubjectResponse held,
                   rpc::Invoke(call, *parts_.peers.at(service), &Stub::ExportSubject, request));
  RightsNote note = NextStep(operation);
  if (!held.next_page_token().empty()) {
    note.step = operation.step;
    note.cursor = held.next_page_token();
  }
  note.counts.push_back({service, "values", held.values_size()});
  if (held.values().empty()) return note;
  const std::string prefix = StrCat(service, "/subject-");
  ASSIGN_OR_RETURN(const int64_t before, CountMembers(call, operation, prefix));
  std::string lines;
  for (const subject::v1::PersonalValue& value : held.values()) {
    const nlohmann::ordered_json line = {
        {"column", value.column()}, {"row_id", value.row_id()}, {"value", value.value()}};
    StrAppend(&lines, line.dump(), "\n");
  }
  note.member.service = service;
  note.member.name = NumberedName(prefix, before + 1);
  note.member.rows = held.values_size();
  RETURN_IF_ERROR(Write(call, operation, lines, &note));
  return note;
}

absl::StatusOr<RightsNote> RightsExporter::ExportTenant(const CallContext& call,
                                                        const RightsOperation& operation,
                                                        const std::string& service) {
  subject::v1::ExportTenantRequest request;
  request.set_page_token(operation.cursor);
  ASSIGN_OR_RETURN(const subject::v1::ExportTenantResponse page,
                   rpc::Invoke(call, *parts_.peers.at(service), &Stub::ExportTenant, request));
  RightsNote note = NextStep(operation);
  if (!page.next_page_token().empty()) {
    note.step = operation.step;
    note.cursor = page.next_page_token();
  }
  if (page.rows().empty()) return note;
  const std::string table = WithoutSchema(page.table());
  const std::string prefix = StrCat(service, "/", table, "-");
  ASSIGN_OR_RETURN(const int64_t before, CountMembers(call, operation, prefix));
  std::string lines;
  for (const std::string& row : page.rows()) StrAppend(&lines, row, "\n");
  note.counts.push_back({service, table, page.rows_size()});
  note.member.service = service;
  note.member.name = NumberedName(prefix, before + 1);
  note.member.rows = page.rows_size();
  RETURN_IF_ERROR(Write(call, operation, lines, &note));
  return note;
}

absl::StatusOr<std::optional<StoredFile>> RightsExporter::NextFile(
    const CallContext& call, const RightsOperation& operation) {
  FileId after;
  if (!operation.cursor.empty()) {
    ASSIGN_OR_RETURN(after, FileId::Parse(operation.cursor));
  }
  const FileStore files;
  if (operation.kind == RightsKind::kTenantExport) {
    ASSIGN_OR_RETURN(const std::vector<StoredFile> next,
                     parts_.database.WithTenant(call, [&](Transaction& tx) {
                       return files.List(tx, call, std::nullopt, after, 1);
                     }));
    return next.empty() ? std::nullopt : std::optional(next.front());
  }
  ASSIGN_OR_RETURN(const std::vector<FileStore::OfSubject> theirs,
                   parts_.database.WithTenant(call, [&](Transaction& tx) {
                     return files.FindOfSubject(tx, call, operation.subject, after, 1);
                   }));
  if (theirs.empty()) return std::optional<StoredFile>();
  StoredFile found;
  found.id = theirs.front().id;
  return std::optional(found);
}

absl::Status RightsExporter::CopyFile(const CallContext& call, const RightsOperation& operation,
                                      const StoredFile& file, const HoldOn& hold_on,
                                      RightsNote* note) {
  ASSIGN_OR_RETURN(const std::unique_ptr<FileDownload> download,
                   FileDownload::Begin(parts_.files, call, file.id, 0, 0));
  note->member.service = kHere;
  note->member.name = StrCat("files/", file.id.ToString());
  ASSIGN_OR_RETURN(note->piece, ArchivePiece::Begin(parts_.files, call, operation.id,
                                                    note->member.name, download->file().size));
  while (true) {
    ASSIGN_OR_RETURN(const std::string bytes, download->Next());
    if (bytes.empty()) return note->piece->Finish();
    RETURN_IF_ERROR(note->piece->Append(bytes));
    hold_on();
  }
}

absl::StatusOr<RightsNote> RightsExporter::ExportFile(const CallContext& call,
                                                      const RightsOperation& operation,
                                                      const HoldOn& hold_on) {
  ASSIGN_OR_RETURN(const std::optional<StoredFile> file, NextFile(call, operation));
  RightsNote note = NextStep(operation);
  if (!file) return note;
  note.step = operation.step;
  note.cursor = file->id.ToString();
  const absl::Status copied = CopyFile(call, operation, *file, hold_on, &note);
  if (copied.ok()) {
    note.member.rows = 1;
    note.counts.push_back({std::string(kHere), "contents of files", 1});
    return note;
  }
  note.piece.reset();
  // Deleted meanwhile; or lost, which the others are not to suffer from, and the manifest says it.
  if (absl::IsNotFound(copied)) return note;
  if (!absl::IsDataLoss(copied)) return copied;
  note.counts.push_back({std::string(kHere), "unreadable files", 1});
  return note;
}

absl::StatusOr<RightsNote> RightsExporter::Manifest(const CallContext& call,
                                                    const RightsOperation& operation) {
  std::vector<RightsCount> counts;
  ASSIGN_OR_RETURN(const std::vector<ArchiveMember> members,
                   parts_.database.WithTenant(
                       call, [&](Transaction& tx) -> absl::StatusOr<std::vector<ArchiveMember>> {
                         auto listed = RightsStore::ListMembers(tx, call.tenant, operation.id);
                         ASSIGN_OR_RETURN(
                             counts,
                             RightsStore::ListCounts(tx, call.tenant, operation.id).Await());
                         return listed.Take();
                       }));
  RightsNote note;
  note.member.service = kHere;
  if (operation.cursor.empty()) {
    ASSIGN_OR_RETURN(const Tenant tenant, parts_.registry.Get(call));
    note.step = operation.step;
    note.cursor = kManifestName;
    note.member.name = kManifestName;
    RETURN_IF_ERROR(Write(call, operation, ManifestOf(operation, tenant, members, counts), &note));
    return note;
  }
  note.step = operation.step + 1;
  note.member.name = kChecksumsName;
  RETURN_IF_ERROR(Write(call, operation, ChecksumsOf(members), &note));
  return note;
}

}  // namespace kasbah::tenantdata
