#include "cli/commands/records_import.h"

#include "absl/time/clock.h"
#include "cli/import/entries.h"
#include "cli/import/importer.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

using tenantdata::v1::RecordService;

struct Options {
  std::string file;
  std::string collection;
  std::string customer;
  std::string array_path;
  std::vector<std::string> maps;
  std::string subject_member;
  bool strict = false;
};

// "line 12: values.alpha_2: has to match [A-Z]{2} (PATTERN)", one for each violation.
std::string Describe(const std::string& unit, const RefusedEntry& refused) {
  std::string text;
  for (const auto& violation : refused.violations) {
    if (!text.empty()) text += "\n";
    StrAppend(&text, unit, " ", refused.number, ": ");
    if (!violation.field().empty()) StrAppend(&text, violation.field(), ": ");
    StrAppend(&text, violation.description());
    if (!violation.rule().empty()) StrAppend(&text, " (", violation.rule(), ")");
  }
  if (refused.more_violations > 0) {
    StrAppend(&text, "\n", unit, " ", refused.number, ": and ", refused.more_violations, " more");
  }
  return text;
}

std::string ReportAsJson(const ImportReport& report) {
  nlohmann::json refused = nlohmann::json::array();
  for (const RefusedEntry& entry : report.refused) {
    nlohmann::json violations = nlohmann::json::array();
    for (const auto& violation : entry.violations) {
      violations.push_back({{"field", violation.field()},
                            {"description", violation.description()},
                            {"rule", violation.rule()}});
    }
    refused.push_back({{"number", entry.number},
                       {"violations", violations},
                       {"more_violations", entry.more_violations}});
  }
  const nlohmann::json json = {
      {"entries", report.entries}, {"created", report.created}, {"refused", refused}};
  return json.dump(2) + "\n";
}

absl::Status Run(Invocation& run, const Options& options) {
  ImportSelection selection;
  selection.array_path = options.array_path;
  selection.subject_member = options.subject_member;
  for (const std::string& map : options.maps) RETURN_IF_ERROR(ParseRename(map, &selection.renames));
  ASSIGN_OR_RETURN(const std::string text, ReadInput(options.file));
  const absl::StatusOr<ImportFile> file = ParseImport(text, selection);
  if (!file.ok()) {
    return absl::InvalidArgumentError(
        StrCat(options.file, ": ", FromAbsl(file.status().message())));
  }
  ASSIGN_OR_RETURN(Client * client, run.client());
  ImportOptions how;
  how.collection = options.collection;
  how.customer_id = options.customer;
  how.on_progress = [&](size_t done, size_t total) {
    run.terminal.Progress(StrCat("  ", done, " of ", total));
  };
  how.on_refused = [&](const RefusedEntry& refused) {
    run.terminal.Note(Describe(file->unit, refused));
  };
  const absl::Time start = absl::Now();
  const auto report =
      Import(*file, how, [&](const tenantdata::v1::BatchCreateRecordsRequest& request) {
        return client->Call(&RecordService::Stub::BatchCreateRecords, request);
      });
  run.terminal.ClearProgress();
  RETURN_IF_ERROR(report.status());
  Print(run.json()
            ? ReportAsJson(*report)
            : StrCat(report->created, " of ", report->entries, " records created, ",
                     report->refused.size(), " refused, in ",
                     absl::FormatDuration(absl::Trunc(absl::Now() - start, absl::Milliseconds(1))),
                     "\n"));
  if (options.strict && !report->refused.empty()) {
    return absl::FailedPreconditionError(
        StrCat(report->refused.size(), " entries were refused (--strict)"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddRecordsImport(CLI::App* records, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* leaf =
      records->add_subcommand("import", "Make records from a file of JSON or JSON Lines");
  leaf->add_option("file", options->file,
                   "An array, an object with one array, or JSON Lines; - for standard input")
      ->required();
  leaf->add_option("--collection", options->collection, "col_… or its key")->required();
  leaf->add_option("--customer-id", options->customer, "cus_…: whose the records are");
  leaf->add_option("--array-path", options->array_path,
                   "Where the array is, when there are several: data.items");
  leaf->add_option("--map", options->maps,
                   "FROM=TO renames a member, FROM= leaves it out; may be repeated");
  leaf->add_option("--subject-member", options->subject_member,
                   "Member, no field, that says whose data an entry is; null: nobody's");
  leaf->add_flag("--strict", options->strict, "End with 1 when an entry was refused");
  leaf->footer(
      "Each entry stands alone: a refused one is reported with its line or place, the field and "
      "the\n"
      "rule, and the rest goes in. A call whose answer is lost is repeated and creates nothing "
      "twice.\n\n"
      "Examples:\n"
      "  kasbah records import /usr/share/iso-codes/json/iso_3166-1.json --collection countries\n"
      "  jq -c .[] orders.json | kasbah records import - --collection orders --map id=order_no");
  OnRun(leaf, invocation, [options](Invocation& run) { return Run(run, *options); });
}

}  // namespace kasbah::cli
