#include "cli/import/importer.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "cli/import/patience.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::BatchCreateRecordsRequest;
using tenantdata::v1::BatchCreateRecordsResponse;

// Half of what a message may have.
constexpr size_t kLargestBatchBytes = 4 * 1024 * 1024;

class Importer {
 public:
  Importer(const ImportFile& file, const ImportOptions& options, const CreateBatch& create)
      : file_(file), options_(options), create_(create) {}

  absl::StatusOr<ImportReport> Run() {
    report_.entries = file_.entries.size();
    for (const ImportEntry& entry : file_.entries) {
      if (!entry.fault.empty()) {
        RefuseWhole(entry);
        continue;
      }
      const size_t size = entry.values.ByteSizeLong();
      if (!batch_.empty() &&
          (batch_.size() >= options_.batch || batch_bytes_ + size > kLargestBatchBytes)) {
        RETURN_IF_ERROR(Send());
      }
      batch_.push_back(&entry);
      batch_bytes_ += size;
    }
    RETURN_IF_ERROR(Send());
    std::sort(report_.refused.begin(), report_.refused.end(),
              [](const RefusedEntry& a, const RefusedEntry& b) { return a.number < b.number; });
    return std::move(report_);
  }

 private:
  void RefuseWhole(const ImportEntry& entry) {
    RefusedEntry refused;
    refused.number = entry.number;
    tenantdata::v1::Violation violation;
    violation.set_description(entry.fault);
    violation.set_rule("JSON");
    refused.violations.push_back(violation);
    Refuse(std::move(refused));
  }

  void Refuse(RefusedEntry refused) {
    if (options_.on_refused) options_.on_refused(refused);
    report_.refused.push_back(std::move(refused));
  }

  absl::Status Send() {
    if (batch_.empty()) return absl::OkStatus();
    BatchCreateRecordsRequest request;
    request.set_collection(options_.collection);
    request.set_customer_id(options_.customer_id);
    request.set_request_id(Uuid::V7(absl::Now()).ToString());
    const bool has_subjects = std::any_of(
        batch_.begin(), batch_.end(), [](const ImportEntry* one) { return !one->subject.empty(); });
    for (const ImportEntry* entry : batch_) {
      *request.add_values() = entry->values;
      if (has_subjects) request.add_subject_ids(entry->subject);
    }
    ASSIGN_OR_RETURN(const BatchCreateRecordsResponse reply,
                     Patiently(options_.patience, [&] { return create_(request); }));
    if (static_cast<size_t>(reply.items_size()) != batch_.size()) {
      return absl::InternalError(StrCat("the service answered for ", reply.items_size(), " of ",
                                        batch_.size(), " records"));
    }
    for (size_t i = 0; i < batch_.size(); ++i) {
      const auto& item = reply.items(static_cast<int>(i));
      if (!item.record_id().empty()) {
        ++report_.created;
        continue;
      }
      RefusedEntry refused;
      refused.number = batch_[i]->number;
      refused.violations.assign(item.violations().begin(), item.violations().end());
      refused.more_violations = item.more_violations();
      Refuse(std::move(refused));
    }
    batch_.clear();
    batch_bytes_ = 0;
    if (options_.on_progress) {
      options_.on_progress(report_.created + report_.refused.size(), report_.entries);
    }
    return absl::OkStatus();
  }

  const ImportFile& file_;
  const ImportOptions& options_;
  const CreateBatch& create_;
  ImportReport report_;
  std::vector<const ImportEntry*> batch_;
  size_t batch_bytes_ = 0;
};

}  // namespace

absl::StatusOr<ImportReport> Import(const ImportFile& file, const ImportOptions& options,
                                    const CreateBatch& create) {
  return Importer(file, options, create).Run();
}

}  // namespace kasbah::cli
