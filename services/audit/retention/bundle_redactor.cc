#include "services/audit/retention/bundle_redactor.h"

#include <istream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/status_macros.h"
#include "libs/merkle/personal_file.h"
#include "services/audit/retention/object_buffer.h"

namespace kasbah::audit {
namespace {

using postgres::Transaction;

constexpr int kAtOnce = 100;
constexpr absl::Duration kTimeout = absl::Seconds(10);

}  // namespace

absl::Status BundleRedactor::RunOnce() {
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<redaction_store::PendingRedaction> pending,
                     upkeep_.Run(absl::Now() + kTimeout, [](Transaction& tx) {
                       return redaction_store::ListPending(tx, kAtOnce);
                     }));
    if (pending.empty()) return absl::OkStatus();
    for (const redaction_store::PendingRedaction& one : pending) RETURN_IF_ERROR(Apply(one));
  }
}

absl::Status BundleRedactor::Apply(const redaction_store::PendingRedaction& pending) {
  ASSIGN_OR_RETURN(const std::vector<Archive> archives,
                   upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
                     return archive_store::ListWritten(tx, pending.tenant);
                   }));
  for (const Archive& archive : archives) {
    RETURN_IF_ERROR(Rewrite(archive, pending.redaction));
  }
  return upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    redaction_store::RemovePending(tx, pending);
    return absl::OkStatus();
  });
}

absl::Status BundleRedactor::Clear(Archive* archive) {
  if (!archive->next_object) return absl::OkStatus();
  RETURN_IF_ERROR(objects_.Delete({archive->tenant, *archive->next_object}));
  RETURN_IF_ERROR(upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    archive_store::SetNext(tx, *archive, std::nullopt);
    return absl::OkStatus();
  }));
  archive->next_object.reset();
  return absl::OkStatus();
}

absl::Status BundleRedactor::Rewrite(Archive archive, const Redaction& redaction) {
  RETURN_IF_ERROR(Clear(&archive));
  if (archive.personal_bytes == 0) return absl::OkStatus();
  archive.next_object = FileId::New(clock_.Now());
  RETURN_IF_ERROR(upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    archive_store::SetNext(tx, archive, archive.next_object);
    return absl::OkStatus();
  }));
  uint64_t bytes = 0;
  ASSIGN_OR_RETURN(const bool changed, Copy(archive, redaction, &bytes));
  if (changed) {
    RETURN_IF_ERROR(upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
      archive_store::SwapPersonal(tx, archive, bytes);
      return absl::OkStatus();
    }));
    archive.next_object = archive.personal_object;
  }
  return Clear(&archive);
}

absl::StatusOr<bool> BundleRedactor::Copy(const Archive& archive, const Redaction& redaction,
                                          uint64_t* bytes) {
  ObjectBuffer buffer(objects_, {archive.tenant, archive.personal_object}, archive.personal_bytes);
  std::istream lines(&buffer);
  ASSIGN_OR_RETURN(const auto writer, objects_.Write({archive.tenant, *archive.next_object}));
  bool changed = false;
  for (std::string line; std::getline(lines, line);) {
    ASSIGN_OR_RETURN(merkle::PersonalEntry entry, merkle::ParsePersonalLine(line));
    changed |= redaction.Apply(&entry);
    if (entry.empty()) continue;
    const std::string kept = merkle::PersonalLine(entry);
    *bytes += kept.size();
    RETURN_IF_ERROR(writer->Append(kept));
  }
  RETURN_IF_ERROR(buffer.status());
  if (changed) RETURN_IF_ERROR(writer->Commit());
  return changed;
}

}  // namespace kasbah::audit
