#include "cli/commands/records_files.h"

#include <fstream>
#include <iostream>

#include "absl/time/clock.h"
#include "cli/client/client.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::ExportRecordsRequest;
using tenantdata::v1::ExportRecordsResponse;
using tenantdata::v1::ImportRecordsRequest;
using tenantdata::v1::ImportRecordsResponse;
using tenantdata::v1::RecordService;

constexpr size_t kPieceBytes = 512 * 1024;

// "csv" or "jsonl"; without one, what the file's name ends in.
absl::StatusOr<tenantdata::v1::LineFormat> FormatOf(const std::string& given,
                                                    const std::string& file) {
  const std::string name = given.empty() ? file : "." + given;
  if (name.ends_with(".csv")) return tenantdata::v1::LINE_FORMAT_CSV;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) {
    return tenantdata::v1::LINE_FORMAT_JSON_LINES;
  }
  return absl::InvalidArgumentError("say --format csv or --format jsonl");
}

struct LoadOptions {
  std::string file;
  std::string collection;
  std::string customer;
  std::string format;
  std::string import_id;
  std::string subject_member;
  bool strict = false;
};

// The file's pieces as messages, the first of which says what comes.
class Pieces {
 public:
  Pieces(const LoadOptions& options, tenantdata::v1::LineFormat format, std::istream& input)
      : options_(options), format_(format), input_(input) {}

  bool Next(ImportRecordsRequest* request) {
    if (is_last_) return false;
    if (!has_begun_) {
      has_begun_ = true;
      auto* start = request->mutable_start();
      start->set_collection(options_.collection);
      start->set_format(format_);
      start->set_import_id(options_.import_id);
      start->set_customer_id(options_.customer);
      start->set_subject_member(options_.subject_member);
      return true;
    }
    std::string piece(kPieceBytes, '\0');
    input_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<size_t>(input_.gcount()));
    is_last_ = input_.eof();
    // A file that cannot be read to its end is not said to be whole.
    if (input_.bad()) return false;
    request->set_data(std::move(piece));
    request->set_last(is_last_);
    return true;
  }

 private:
  const LoadOptions& options_;
  const tenantdata::v1::LineFormat format_;
  std::istream& input_;
  bool has_begun_ = false;
  bool is_last_ = false;
};

void NoteRefused(Invocation& run, const ImportRecordsResponse::RefusedLine& refused) {
  for (const auto& violation : refused.violations()) {
    std::string text = StrCat("line ", refused.line(), ": ");
    if (!violation.field().empty()) StrAppend(&text, violation.field(), ": ");
    run.terminal.Note(StrCat(text, violation.description(), " (", violation.rule(), ")"));
  }
  if (refused.more_violations() > 0) {
    run.terminal.Note(
        StrCat("line ", refused.line(), ": and ", refused.more_violations(), " more"));
  }
}

void NoteStripped(Invocation& run, const ImportRecordsResponse::StrippedLine& stripped) {
  for (const std::string& path : stripped.paths()) {
    run.terminal.Note(StrCat("line ", stripped.line(), ": taken out: ", path));
  }
}

absl::Status Load(Invocation& run, LoadOptions options) {
  ASSIGN_OR_RETURN(const auto format, FormatOf(options.format, options.file));
  if (options.import_id.empty()) options.import_id = Uuid::V7(absl::Now()).ToString();
  std::ifstream file;
  if (options.file != "-") {
    file.open(options.file, std::ios::binary);
    if (!file) return absl::NotFoundError(StrCat(options.file, ": cannot be read"));
  }
  Pieces pieces(options, format, options.file == "-" ? std::cin : file);
  ImportRecordsResponse::Progress progress;
  const auto take = [&](const ImportRecordsResponse& reply) {
    if (reply.has_refused()) {
      NoteRefused(run, reply.refused());
    } else if (reply.has_stripped()) {
      NoteStripped(run, reply.stripped());
    } else {
      progress = reply.progress();
      run.terminal.Progress(StrCat("  ", progress.lines(), " lines"));
    }
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(Client * client, run.client());
  const absl::Status status =
      client->Exchange<RecordService::Stub, ImportRecordsRequest, ImportRecordsResponse>(
          &RecordService::Stub::ImportRecords,
          [&](ImportRecordsRequest* request) { return pieces.Next(request); }, take);
  run.terminal.ClearProgress();
  if (!status.ok()) {
    const std::string reason = ReasonOf(status);
    // Going on would be refused again.
    if (reason == "IMPORT_ID_REUSED" || reason == "IMPORT_CHANGED" ||
        reason == "IMPORT_TOO_MANY_REFUSED")
      return status;
    run.terminal.Note(
        StrCat("to go on after line ", progress.lines(), ": --import-id ", options.import_id));
    return status;
  }
  RETURN_IF_ERROR(run.Show(progress, [&] {
    std::string text = StrCat(progress.lines(), " lines: ", progress.created(), " created, ",
                              progress.refused(), " refused");
    if (progress.resumed() > 0) StrAppend(&text, ", ", progress.resumed(), " lines done before");
    return text + "\n";
  }));
  if (options.strict && progress.refused() > 0) {
    return absl::FailedPreconditionError(
        StrCat(progress.refused(), " lines were refused (--strict)"));
  }
  return absl::OkStatus();
}

void AddLoad(CLI::App* noun, Invocation& invocation) {
  auto options = std::make_shared<LoadOptions>();
  CLI::App* leaf =
      noun->add_subcommand("load", "Make records from a large file of JSON Lines or CSV");
  leaf->add_option("file", options->file, "- for standard input")->required();
  leaf->add_option("--collection", options->collection, "col_… or its key")->required();
  leaf->add_option("--format", options->format, "csv or jsonl; else as the file's name ends");
  leaf->add_option("--customer-id", options->customer, "cus_…: whose the records are");
  leaf->add_option("--import-id", options->import_id,
                   "UUID of an import that was cut off, to go on with it; the file has to be the "
                   "same as far as it came (else IMPORT_CHANGED)");
  leaf->add_option("--subject-member", options->subject_member,
                   "Member or column, no field, that says whose data a line is; it goes when they "
                   "are erased");
  leaf->add_flag("--strict", options->strict, "End with 1 when a line was refused");
  OnRun(leaf, invocation, [options](Invocation& run) { return Load(run, *options); });
}

void AddExport(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string collection;
    std::string filter;
    std::string format;
    std::string file = "-";
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("export", "A collection as JSON Lines or CSV");
  leaf->add_option("--collection", options->collection, "col_… or its key")->required();
  leaf->add_option("--filter", options->filter, "As of `records list`");
  leaf->add_option("--format", options->format, "csv or jsonl; else as the file's name ends");
  leaf->add_option("-f,--file", options->file, "Where to; - for standard output");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    ExportRecordsRequest request;
    request.set_collection(options->collection);
    request.set_filter(options->filter);
    ASSIGN_OR_RETURN(const auto format, FormatOf(options->format, options->file));
    request.set_format(format);
    std::ofstream file;
    if (options->file != "-") {
      file.open(options->file, std::ios::binary | std::ios::trunc);
      if (!file) return absl::InvalidArgumentError(StrCat(options->file, ": cannot be written"));
    }
    std::ostream& out = options->file == "-" ? std::cout : file;
    uint64_t records = 0;
    ASSIGN_OR_RETURN(Client * client, run.client());
    RETURN_IF_ERROR(
        (client->Stream<RecordService::Stub, ExportRecordsRequest, ExportRecordsResponse>(
            &RecordService::Stub::ExportRecords, request,
            [&](const ExportRecordsResponse& reply) -> absl::Status {
              out << reply.data();
              records = reply.records();
              return out ? absl::OkStatus() : absl::DataLossError("the file cannot be written");
            })));
    out.flush();
    if (!out) return absl::DataLossError("the file cannot be written");
    if (options->file != "-")
      run.terminal.Note(StrCat(records, records == 1 ? " record" : " records"));
    return absl::OkStatus();
  });
}

}  // namespace

void AddRecordsFiles(CLI::App* records, Invocation& invocation) {
  AddLoad(records, invocation);
  AddExport(records, invocation);
}

}  // namespace kasbah::cli
