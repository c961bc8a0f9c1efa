#include "cli/client/audit_bundle.h"

#include <cerrno>
#include <fstream>
#include <functional>

#include "cli/client/trail_check.h"
#include "kasbah/audit/v1/retention.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include "libs/merkle/archive_verifier.h"

namespace kasbah::cli {
namespace {

constexpr char kEvents[] = ".events.jsonl";
constexpr char kPersonal[] = ".personal.jsonl";
constexpr char kManifest[] = ".manifest";

absl::Status DownloadPart(Client& client, const std::string& name, audit::v1::ArchivePart part,
                          const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) return dev::FileError("write", path, errno);
  audit::v1::DownloadArchiveRequest request;
  request.set_name(name);
  request.set_part(part);
  const std::function<absl::Status(const audit::v1::DownloadArchiveResponse&)> take =
      [&](const audit::v1::DownloadArchiveResponse& reply) {
        file << reply.bytes();
        return file ? absl::OkStatus() : dev::FileError("write", path, errno);
      };
  RETURN_IF_ERROR(
      client.Stream(&audit::v1::RetentionService::Stub::DownloadArchive, request, take));
  file.close();
  return file ? absl::OkStatus() : dev::FileError("write", path, errno);
}

}  // namespace

absl::StatusOr<std::string> DownloadBundle(Client& client, const audit::v1::Archive& archive,
                                           const std::string& directory) {
  const std::string path = StrCat(directory.empty() ? "." : directory, "/", archive.name());
  RETURN_IF_ERROR(
      DownloadPart(client, archive.name(), audit::v1::ARCHIVE_PART_EVENTS, path + kEvents));
  RETURN_IF_ERROR(
      DownloadPart(client, archive.name(), audit::v1::ARCHIVE_PART_PERSONAL, path + kPersonal));
  RETURN_IF_ERROR(dev::WriteFile(path + kManifest, archive.manifest(), 0644));
  return path;
}

absl::StatusOr<TrailVerdict> VerifyBundle(const std::string& path, const std::string& key) {
  ASSIGN_OR_RETURN(const merkle::VerifierKey verifier, ReadVerifierKey("--key", key));
  ASSIGN_OR_RETURN(const std::string manifest, dev::ReadFile(path + kManifest));
  std::ifstream events(path + kEvents, std::ios::binary);
  if (!events) return dev::FileError("read", path + kEvents, errno);
  std::ifstream personal(path + kPersonal, std::ios::binary);
  if (!personal) return dev::FileError("read", path + kPersonal, errno);
  const merkle::ArchiveVerdict verdict =
      merkle::VerifyArchive(events, personal, manifest, verifier);
  if (!verdict.ok()) return TrailVerdict{false, *verdict.fault};
  return TrailVerdict{
      true, StrCat(verdict.summary.events, " events, ", verdict.personal_values,
                   " personal values, checkpoint size ", verdict.summary.checkpoint.size)};
}

}  // namespace kasbah::cli
