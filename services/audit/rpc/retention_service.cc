#include "services/audit/rpc/retention_service.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/text_fields.h"
#include "libs/outbox/audit_event.h"
#include "services/audit/rpc/proto_conversion.h"
#include "services/audit/store/archive_store.h"
#include "services/audit/store/retention_store.h"

namespace kasbah::audit {
namespace {

constexpr size_t kChunkBytes = 256 * 1024;
constexpr std::string_view kTokenStart = "from ";

v1::Archive ProtoOf(const Archive& archive) {
  v1::Archive proto;
  proto.set_name(archive.name);
  proto.set_first_sequence(archive.first);
  proto.set_past_sequence(archive.past);
  *proto.mutable_first_time() = ToTimestamp(archive.first_at);
  *proto.mutable_last_time() = ToTimestamp(archive.last_at);
  proto.set_events_bytes(archive.events_bytes);
  proto.set_personal_bytes(archive.personal_bytes);
  proto.set_manifest(archive.manifest);
  if (archive.written_at) *proto.mutable_write_time() = ToTimestamp(*archive.written_at);
  if (archive.pruned_at) *proto.mutable_prune_time() = ToTimestamp(*archive.pruned_at);
  return proto;
}

absl::StatusOr<uint64_t> ParseToken(const std::string& token) {
  if (token.empty()) return uint64_t{0};
  const absl::StatusOr<std::string> text = crypto::ParseBase64Url(token);
  if (text.ok() && text->starts_with(kTokenStart)) {
    const auto from = merkle::ParseDecimal(std::string_view(*text).substr(kTokenStart.size()));
    if (from && *from <= INT64_MAX) return *from;
  }
  return InvalidField("page_token", "must be the next_page_token of an earlier page");
}

}  // namespace

RetentionService::RetentionService(rpc::Pipeline& pipeline, postgres::Database& database,
                                   outbox::Outbox& outbox, objects::ObjectStore& objects,
                                   const RetentionLimits& limits, const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      objects_(objects),
      limits_(limits),
      clock_(clock) {}

v1::Retention RetentionService::RetentionOf(std::optional<int> days,
                                            uint64_t first_sequence) const {
  v1::Retention reply;
  // A choice from before the minimum was raised.
  const int counts = std::max(limits_.minimum_days, days.value_or(limits_.default_days));
  reply.set_days(static_cast<uint32_t>(counts));
  reply.set_is_own(days.has_value());
  reply.set_minimum_days(static_cast<uint32_t>(limits_.minimum_days));
  reply.set_maximum_days(static_cast<uint32_t>(limits_.maximum_days));
  reply.set_first_sequence(first_sequence);
  return reply;
}

absl::StatusOr<v1::Retention> RetentionService::Get(const rpc::Call& call,
                                                    const v1::GetRetentionRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const retention_store::Choice choice,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return retention_store::Find(tx, call.tenant);
                   }));
  return RetentionOf(choice.days, choice.first_sequence);
}

absl::Status RetentionService::CheckDays(uint32_t days) const {
  if (days >= static_cast<uint32_t>(limits_.minimum_days) &&
      days <= static_cast<uint32_t>(limits_.maximum_days)) {
    return absl::OkStatus();
  }
  return InvalidField("days",
                      StrCat("must be from ", limits_.minimum_days, " to ", limits_.maximum_days));
}

absl::StatusOr<v1::Retention> RetentionService::Set(const rpc::Call& call,
                                                    const v1::SetRetentionRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const auto change = [&](postgres::Transaction& tx) -> absl::StatusOr<retention_store::Choice> {
    ASSIGN_OR_RETURN(const retention_store::Choice before,
                     retention_store::Find(tx, call.tenant).Await());
    RETURN_IF_ERROR(CheckDays(request.days()));
    retention_store::Set(tx, call.tenant, static_cast<int>(request.days()), clock_.Now());
    RETURN_IF_ERROR(outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "audit.set_retention", {"audit_log", "", ""},
                          {{"days_before", StrCat(before.days.value_or(limits_.default_days))},
                           {"days", StrCat(request.days())}})));
    return before;
  };
  ASSIGN_OR_RETURN(const retention_store::Choice before, database_.WithTenant(call, change));
  return RetentionOf(static_cast<int>(request.days()), before.first_sequence);
}

absl::StatusOr<v1::ListArchivesResponse> RetentionService::List(
    const rpc::Call& call, const v1::ListArchivesRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const auto read = [&](postgres::Transaction& tx) -> absl::StatusOr<std::vector<Archive>> {
    const absl::StatusOr<uint64_t> from = ParseToken(request.page_token());
    const absl::StatusOr<int> size = PageSizeOf(request.page_size());
    // Whoever is suspended is told so first.
    ASSIGN_OR_RETURN(
        std::vector<Archive> archives,
        archive_store::List(tx, call.tenant, from.value_or(0), size.value_or(1) + 1).Await());
    RETURN_IF_ERROR(from.status());
    RETURN_IF_ERROR(size.status());
    return archives;
  };
  ASSIGN_OR_RETURN(const std::vector<Archive> archives, database_.WithTenant(call, read));
  ASSIGN_OR_RETURN(const int size, PageSizeOf(request.page_size()));
  v1::ListArchivesResponse reply;
  for (const Archive& archive : archives) {
    if (reply.archives_size() == size) {
      reply.set_next_page_token(crypto::Base64Url(StrCat(kTokenStart, archive.first)));
      break;
    }
    *reply.add_archives() = ProtoOf(archive);
  }
  return reply;
}

absl::Status RetentionService::Download(const rpc::Call& call,
                                        const v1::DownloadArchiveRequest& request,
                                        rpc::StreamWriter<v1::DownloadArchiveResponse>& writer) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const outbox::v1::AuditEvent own = outbox::Succeeded(
      call, clock_, "audit.download_archive", {"audit_archive", request.name(), ""},
      {{"part", v1::ArchivePart_Name(request.part())}});
  const auto find = [&](postgres::Transaction& tx) -> absl::StatusOr<Archive> {
    const std::optional<uint64_t> first = FirstOfArchive(request.name());
    ASSIGN_OR_RETURN(const std::vector<Archive> found,
                     archive_store::List(tx, call.tenant, first.value_or(0), 1).Await());
    if (request.part() != v1::ARCHIVE_PART_EVENTS && request.part() != v1::ARCHIVE_PART_PERSONAL) {
      return InvalidField("part", "must be EVENTS or PERSONAL");
    }
    if (!first || found.empty() || found[0].name != request.name()) return NotFound("archive");
    RETURN_IF_ERROR(outbox_.AppendAudit(tx, call, own));
    return found[0];
  };
  ASSIGN_OR_RETURN(const Archive archive, database_.WithTenant(call, find));
  const bool events = request.part() == v1::ARCHIVE_PART_EVENTS;
  const objects::ObjectKey key{call.tenant,
                               events ? archive.events_object : archive.personal_object};
  const auto size = static_cast<int64_t>(events ? archive.events_bytes : archive.personal_bytes);
  for (int64_t offset = 0; offset < size;) {
    v1::DownloadArchiveResponse chunk;
    ASSIGN_OR_RETURN(*chunk.mutable_bytes(), objects_.Read(key, offset, kChunkBytes));
    if (chunk.bytes().empty()) {
      return Error(absl::StatusCode::kDataLoss, "ARCHIVE_DAMAGED",
                   StrCat("bundle ", archive.name, " is shorter than it was written"));
    }
    offset += static_cast<int64_t>(chunk.bytes().size());
    RETURN_IF_ERROR(writer.Write(chunk));
  }
  return absl::OkStatus();
}

}  // namespace kasbah::audit
