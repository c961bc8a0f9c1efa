#include "services/tenant_data/rpc/record_importer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/sha256_stream.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/domain/vault_refusal.h"
#include "services/tenant_data/rpc/batch_sealer.h"
#include "services/tenant_data/rpc/import_errors.h"
#include "services/tenant_data/rpc/import_rows.h"
#include "services/tenant_data/rpc/import_said.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/record_change.h"
#include "services/tenant_data/rpc/record_changer.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;
using v1::ImportRecordsRequest;
using v1::ImportRecordsResponse;

constexpr size_t kBatchRows = 500;
constexpr size_t kBatchBytes = 1 << 20;
constexpr absl::Duration kBatchDeadline = absl::Seconds(60);
constexpr int64_t kLinesAtOnce = 1000;
// How often a batch is checked again when a definition or a file changed since, or somebody whose
// data it has was erased.
constexpr int kTries = 10;

// Whether what a batch was checked against is not there any more.
bool IsToBeChecked(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == kDefinitionChanged || reason == kFileMissing || reason == kKeyShredded;
}

}  // namespace

// One stream of an import.
class RecordImporter::Run {
 public:
  Run(RecordImporter& importer, const rpc::Call& call,
      rpc::StreamReader<ImportRecordsRequest>& reader,
      rpc::StreamWriter<ImportRecordsResponse>& writer)
      : importer_(importer), call_(call), reader_(reader), writer_(writer) {}

  absl::Status Go() {
    ASSIGN_OR_RETURN(const ImportRecordsRequest* first, reader_.Read());
    RETURN_IF_ERROR(Enter());
    if (first == nullptr || !first->has_start()) {
      return InvalidField("start", "has to be in the first message");
    }
    RETURN_IF_ERROR(Begin(first->start()));
    RETURN_IF_ERROR(SayAgain());
    RETURN_IF_ERROR(SayProgress());
    if (state_.is_done && state_.content.empty()) return absl::OkStatus();
    if (HasTooManyRefused(state_)) return TooManyRefused(state_);
    RETURN_IF_ERROR(TakeAll(*first));
    if (state_.is_done) return IsAsItWas() ? absl::OkStatus() : ImportChanged();
    if (std::optional<FileRow> row = splitter_->Finish()) RETURN_IF_ERROR(Add(*std::move(row)));
    if (seen_line_ < state_.line) return ImportChanged();
    RETURN_IF_ERROR(Commit(/*is_last=*/true));
    return SayProgress();
  }

 private:
  rpc::Call BatchCall() const {
    rpc::Call call = call_;
    call.deadline = std::min(call_.deadline, importer_.clock_.Now() + kBatchDeadline);
    return call;
  }

  // A suspended tenant or customer is told so before anything about its request.
  absl::Status Enter() {
    return importer_.database_.WithTenant(BatchCall(),
                                          [](Transaction&) { return absl::OkStatus(); });
  }

  absl::Status Begin(const ImportRecordsRequest::Start& start) {
    const absl::StatusOr<Uuid> id = Uuid::Parse(start.import_id());
    if (!id.ok()) return InvalidField("start.import_id", "must be a UUID");
    ASSIGN_OR_RETURN(owner_, OwnerOf(call_, start.customer_id()));
    collection_ = start.collection();
    subject_member_ = start.subject_member();
    const CallContext call = BatchCall();
    ASSIGN_OR_RETURN(const auto rules, importer_.definitions_.Current(call, collection_));
    is_csv_ = start.format() == v1::LINE_FORMAT_CSV;
    splitter_ = std::make_unique<RowSplitter>(is_csv_);
    ImportState fresh;
    fresh.id = *id;
    fresh.collection = rules->collection_id();
    fresh.format = is_csv_ ? "csv" : "json_lines";
    fresh.customer = owner_;
    fresh.subject_member = subject_member_;
    ASSIGN_OR_RETURN(const std::optional<ImportState> state,
                     importer_.database_.WithTenantUnaudited(
                         call, postgres::UnauditedToken::ForIdempotency(), [&](Transaction& tx) {
                           return importer_.imports_.Begin(tx, call, fresh, importer_.clock_.Now());
                         }));
    if (!state || state->collection != fresh.collection || state->format != fresh.format ||
        state->customer != fresh.customer || state->subject_member != fresh.subject_member) {
      return ImportIdReused();
    }
    // Begun again, it was none's: a field of this name is given no value.
    if (state->line == 0 && rules->Find(subject_member_) != nullptr) {
      return InvalidField("start.subject_member", "is the key of a field");
    }
    state_ = *state;
    resumed_ = state_.line;
    return absl::OkStatus();
  }

  // What an earlier stream refused or took out, whose answers may have been lost.
  absl::Status SayAgain() {
    uint64_t after = 0;
    while (resumed_ > 0) {
      const CallContext call = BatchCall();
      ASSIGN_OR_RETURN(const std::vector<StoredLine> lines,
                       importer_.database_.WithTenant(call, [&](Transaction& tx) {
                         return importer_.imports_.Lines(tx, call, state_.id, after, kLinesAtOnce);
                       }));
      for (const StoredLine& line : lines) {
        ImportRecordsResponse reply;
        const bool parsed = line.is_stripped ? reply.mutable_stripped()->ParseFromString(line.said)
                                             : reply.mutable_refused()->ParseFromString(line.said);
        if (!parsed) return absl::DataLossError("a stored line does not parse");
        RETURN_IF_ERROR(writer_.Write(reply));
        after = line.line;
      }
      if (lines.size() < static_cast<size_t>(kLinesAtOnce)) break;
    }
    return absl::OkStatus();
  }

  absl::Status SayProgress() {
    ImportRecordsResponse reply;
    auto* progress = reply.mutable_progress();
    progress->set_lines(state_.line);
    progress->set_created(state_.created);
    progress->set_refused(state_.refused);
    progress->set_resumed(resumed_);
    progress->set_done(state_.is_done);
    progress->set_schema_version(state_.schema_version);
    return writer_.Write(reply);
  }

  absl::Status TakeAll(const ImportRecordsRequest& first) {
    const ImportRecordsRequest* request = &first;
    RETURN_IF_ERROR(Take(request->data()));
    while (!request->last()) {
      ASSIGN_OR_RETURN(request, reader_.Read());
      if (request == nullptr) return ImportIncomplete();
      RETURN_IF_ERROR(Take(request->data()));
    }
    return absl::OkStatus();
  }

  absl::Status Take(std::string_view data) {
    // A finished import's file is only compared.
    if (state_.is_done) content_.Update(std::exchange(data, {}));
    while (!data.empty()) {
      const std::string_view before = data;
      std::optional<FileRow> row = splitter_->Take(&data);
      content_.Update(before.substr(0, before.size() - data.size()));
      if (row) RETURN_IF_ERROR(Add(*std::move(row)));
    }
    return absl::OkStatus();
  }

  // What came so far is what was done with: byte for byte, where that was kept.
  bool IsAsItWas() const { return state_.content.empty() || content_.Current() == state_.content; }

  absl::Status Add(FileRow row) {
    seen_line_ = row.last_line;
    seen_bytes_ = row.end;
    if (is_csv_ && header_.empty()) {
      ASSIGN_OR_RETURN(const auto rules, importer_.definitions_.Current(BatchCall(), collection_));
      // Begun again: it was found right, and a field may have gone since, which its lines will say.
      ASSIGN_OR_RETURN(header_, ReadCsvHeader(*rules, row, subject_member_,
                                              /*may_be_unknown=*/resumed_ > 0));
      return absl::OkStatus();
    }
    if (row.last_line <= state_.line) {
      const bool is_cursor = row.last_line == state_.line;
      const bool is_it = row.end == state_.bytes && IsAsItWas();
      return is_cursor && !is_it ? ImportChanged() : absl::OkStatus();
    }
    if (row.first_line <= state_.line) return ImportChanged();
    if (row.text.empty()) return absl::OkStatus();
    batch_bytes_ += row.text.size();
    batch_.push_back(std::move(row));
    if (batch_.size() < kBatchRows && batch_bytes_ < kBatchBytes) return absl::OkStatus();
    RETURN_IF_ERROR(Commit(/*is_last=*/false));
    RETURN_IF_ERROR(SayProgress());
    return HasTooManyRefused(state_) ? TooManyRefused(state_) : absl::OkStatus();
  }

  // Checks and seals the batch, and writes it with what became of it.
  absl::Status Commit(bool is_last) {
    const rpc::Call call = BatchCall();
    absl::StatusOr<ImportState> after = absl::UnknownError("not tried");
    for (int tries = 0; tries == 0 || (tries < kTries && IsToBeChecked(after.status())); ++tries) {
      after =
          importer_.definitions_.WriteUnderCurrent(call, [&] { return CommitOnce(call, is_last); });
    }
    if (ReasonOf(after.status()) == kFileMissing) return FilesKeepGoing();
    RETURN_IF_ERROR(after.status());
    state_ = *after;
    batch_.clear();
    batch_bytes_ = 0;
    for (RefusedLine& line : refused_) {
      ImportRecordsResponse reply;
      *reply.mutable_refused() = std::move(line);
      RETURN_IF_ERROR(writer_.Write(reply));
    }
    for (StrippedLine& line : stripped_) {
      ImportRecordsResponse reply;
      *reply.mutable_stripped() = std::move(line);
      RETURN_IF_ERROR(writer_.Write(reply));
    }
    return absl::OkStatus();
  }

  // Where the import is then; `refused_` and `stripped_` hold what is to be said.
  absl::StatusOr<ImportState> CommitOnce(const rpc::Call& call, bool is_last) {
    ASSIGN_OR_RETURN(const auto rules, importer_.definitions_.Current(call, collection_));
    std::vector<ImportRow> rows;
    std::vector<Validation> checked(batch_.size());
    std::vector<Validation*> to_check;
    ParsingTime time;
    for (size_t i = 0; i < batch_.size(); ++i) {
      rows.push_back(is_csv_ ? ReadCsvRow(*rules, header_, subject_member_, batch_[i])
                             : ReadJsonRow(batch_[i], subject_member_));
      if (!rows[i].violations.empty()) continue;
      checked[i] = ValidateNew(*rules, rows[i].values, &time);
      to_check.push_back(&checked[i]);
    }
    RETURN_IF_ERROR(importer_.references_.Run(call, owner_, to_check));
    RETURN_IF_ERROR(importer_.references_.RunFiles(call, owner_, to_check));
    std::vector<RefusedLine> refused;
    std::vector<NewRecord> records;
    // For each record, its line.
    std::vector<uint64_t> lines;
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::vector<Violation>& violations =
          rows[i].violations.empty() ? checked[i].violations : rows[i].violations;
      if (!violations.empty()) {
        refused.push_back(ToRefusal(*rules, rows[i].line, violations));
        continue;
      }
      records.push_back({RecordId::New(importer_.clock_.Now()),
                         owner_,
                         std::move(checked[i].valid),
                         "",
                         {},
                         std::move(rows[i].subject)});
      lines.push_back(rows[i].line);
    }
    RETURN_IF_ERROR(Seal(call, *rules, &records, &lines, &refused));

    ImportState after = state_;
    const absl::StatusOr<BatchCreated> created = importer_.batches_.CreateWith(
        call, *rules, owner_, records, [&](Transaction& tx, const auto& taken) {
          refused_ = refused;
          AddTaken(*rules, lines, taken, &refused_);
          stripped_ = StrippedOf(records, lines, taken);
          after = After(refused_.size(), is_last);
          after.schema_version = rules->schema_version();
          return Keep(tx, call, after);
        });
    if (ReasonOf(created.status()) == kImportElsewhere) return ImportElsewhere();
    RETURN_IF_ERROR(created.status());
    return after;
  }

  // Those of somebody who was erased go over to `refused`.
  absl::Status Seal(const rpc::Call& call, const RuleTable& rules, std::vector<NewRecord>* records,
                    std::vector<uint64_t>* lines, std::vector<RefusedLine>* refused) {
    ASSIGN_OR_RETURN(const std::vector<bool> goes_in,
                     SealBatch(call, rules, importer_.batches_, importer_.sealer_, records));
    std::vector<NewRecord> kept;
    std::vector<uint64_t> kept_lines;
    for (size_t i = 0; i < goes_in.size(); ++i) {
      if (!goes_in[i]) {
        refused->push_back(ToRefusal(rules, (*lines)[i], {ErasedSubject(subject_member_)}));
        continue;
      }
      kept.push_back(std::move((*records)[i]));
      kept_lines.push_back((*lines)[i]);
    }
    *records = std::move(kept);
    *lines = std::move(kept_lines);
    return absl::OkStatus();
  }

  ImportState After(size_t refused, bool is_last) const {
    ImportState after = state_;
    after.line = seen_line_;
    after.bytes = seen_bytes_;
    after.content = content_.Current();
    after.created += batch_.size() - refused;
    after.refused += refused;
    after.is_done = is_last;
    return after;
  }

  absl::Status Keep(Transaction& tx, const CallContext& call, const ImportState& after) {
    importer_.imports_.Advance(tx, call, state_, after);
    std::vector<StoredLine> stored;
    for (const RefusedLine& line : refused_) {
      stored.push_back({line.line(), line.SerializeAsString(), /*is_stripped=*/false});
    }
    for (const StrippedLine& line : stripped_) {
      stored.push_back({line.line(), line.SerializeAsString(), /*is_stripped=*/true});
    }
    importer_.imports_.AddLines(tx, call, state_, stored);
    // Of records, one each; of the batch, one that says how far it went.
    return importer_.outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, importer_.clock_, "record.import",
                          {"import", state_.id.ToString(), collection_},
                          {{"lines", absl::StrCat(after.line)},
                           {"created", absl::StrCat(after.created)},
                           {"refused", absl::StrCat(after.refused)}}));
  }

  RecordImporter& importer_;
  const rpc::Call& call_;
  rpc::StreamReader<ImportRecordsRequest>& reader_;
  rpc::StreamWriter<ImportRecordsResponse>& writer_;

  std::string collection_;
  std::optional<CustomerId> owner_;
  std::string subject_member_;
  bool is_csv_ = false;
  std::unique_ptr<RowSplitter> splitter_;
  // Of all that the splitter took.
  crypto::Sha256Stream content_;
  // Of CSV.
  std::vector<std::string> header_;
  ImportState state_;
  uint64_t resumed_ = 0;
  // As far as the splitter gave rows.
  uint64_t seen_line_ = 0;
  uint64_t seen_bytes_ = 0;
  std::vector<FileRow> batch_;
  size_t batch_bytes_ = 0;
  // Of the batch before.
  std::vector<RefusedLine> refused_;
  std::vector<StrippedLine> stripped_;
};

absl::Status RecordImporter::Import(const rpc::Call& call,
                                    rpc::StreamReader<ImportRecordsRequest>& reader,
                                    rpc::StreamWriter<ImportRecordsResponse>& writer) {
  return Run(*this, call, reader, writer).Go();
}

}  // namespace kasbah::tenantdata
