#include "cli/client/audit_trail.h"

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "cli/client/trail_check.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/dev/files.h"
#include "libs/merkle/export_range.h"
#include "libs/merkle/export_verifier.h"
#include "libs/merkle/note.h"

namespace kasbah::cli {
namespace {

std::string Summarise(const merkle::ExportSummary& summary) {
  const std::string root(reinterpret_cast<const char*>(summary.checkpoint.root.data()),
                         summary.checkpoint.root.size());
  const auto whole = merkle::WholeRangeOf(summary.filter, summary.checkpoint.size);
  std::string text = StrCat(summary.events, " events");
  if (whole && whole->past > whole->first) {
    StrAppend(&text, ", sequence ", whole->first, "..", whole->past - 1);
  }
  if (!whole) StrAppend(&text, " of those asked for with ", summary.filter);
  StrAppend(&text, ", checkpoint ", summary.checkpoint.origin, " ", summary.checkpoint.size, " ",
            crypto::Base64(root));
  if (summary.erased_values > 0)
    StrAppend(&text, ", ", summary.erased_values, " personal values erased");
  return text;
}

}  // namespace

absl::StatusOr<uint64_t> ExportTrail(Client& client, const audit::v1::ExportEventsRequest& request,
                                     const std::function<absl::Status(const std::string&)>& take) {
  uint64_t events = 0;
  const std::function<absl::Status(const audit::v1::ExportEventsResponse&)> on_reply =
      [&](const audit::v1::ExportEventsResponse& reply) {
        events += reply.events();
        return take(reply.lines());
      };
  RETURN_IF_ERROR(client.Stream(&audit::v1::AuditService::Stub::ExportEvents, request, on_reply));
  return events;
}

absl::StatusOr<uint64_t> ExportTrailToFile(Client& client,
                                           const audit::v1::ExportEventsRequest& request,
                                           const std::string& path) {
  const std::string unfinished = path + ".part";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  if (!file) return dev::FileError("write", path, errno);
  const auto events = ExportTrail(client, request, [&](const std::string& lines) {
    file << lines;
    return file ? absl::OkStatus() : dev::FileError("write", path, errno);
  });
  file.close();
  absl::Status status = events.status();
  if (status.ok() && (!file || std::rename(unfinished.c_str(), path.c_str()) != 0)) {
    status = dev::FileError("write", path, errno);
  }
  if (!status.ok()) {
    std::remove(unfinished.c_str());
    return status;
  }
  return events;
}

absl::StatusOr<TrailVerdict> VerifyTrail(const std::string& path, const std::string& key) {
  ASSIGN_OR_RETURN(const merkle::VerifierKey verifier, ReadVerifierKey("--key", key));
  std::ifstream file(path, std::ios::binary);
  if (!file) return dev::FileError("read", path, errno);
  const merkle::ExportVerdict verdict = merkle::VerifyExport(file, verifier);
  if (verdict.ok()) return TrailVerdict{true, Summarise(verdict.summary)};
  return TrailVerdict{false, verdict.fault->ToString()};
}

}  // namespace kasbah::cli
