#include "cli/commands/records.h"

#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/client/paging.h"
#include "cli/client/struct_json.h"
#include "cli/commands/records_changes.h"
#include "cli/commands/records_files.h"
#include "cli/commands/records_import.h"
#include "cli/commands/records_show.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Record;
using tenantdata::v1::RecordService;

void AddCreate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string collection;
    std::string customer;
    std::string request_id;
    std::string subject;
    std::string move_to_vault;
    ValuesOption values;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("create", "Make a record");
  leaf->add_option("--collection", options->collection, "col_… or its key")->required();
  options->values.AddTo(leaf);
  leaf->add_option("--customer-id", options->customer, "cus_…: whose it is");
  leaf->add_option("--request-id", options->request_id, "UUID; repeating it creates nothing twice");
  leaf->add_option("--subject-id", options->subject,
                   "Whose data it is: it goes when they are erased");
  AddMoveToVault(leaf, &options->move_to_vault, &options->request_id);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::CreateRecordRequest request;
    request.set_subject_id(options->subject);
    request.set_collection(options->collection);
    request.set_customer_id(options->customer);
    request.set_request_id(options->request_id);
    request.set_move_to_vault(options->move_to_vault);
    ASSIGN_OR_RETURN(*request.mutable_values(), options->values.Read());
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Record record,
                     client->Call(&RecordService::Stub::CreateRecord, request));
    return run.Show(record, [&] { return Describe(record); });
  });
}

void AddGet(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::vector<std::string> ids;
    std::string as_of;
    uint64_t version = 0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("get", "One record or several, as they are or were");
  leaf->add_option("record_id", options->ids, "rec_…")->required();
  auto* as_of = leaf->add_option("--as-of", options->as_of, "As it was: 2026-01-31T15:04:05Z");
  leaf->add_option("--version", options->version, "As this version made it")->excludes(as_of);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    const bool is_past = !options->as_of.empty() || options->version > 0;
    if (options->ids.size() > 1) {
      if (is_past) return absl::InvalidArgumentError("the past is read one record at a time");
      tenantdata::v1::BatchGetRecordsRequest request;
      for (const std::string& id : options->ids) request.add_record_ids(id);
      ASSIGN_OR_RETURN(const auto reply,
                       client->Call(&RecordService::Stub::BatchGetRecords, request));
      return run.Show(reply, [&] {
        std::string text;
        for (const Record& record : reply.records()) StrAppend(&text, Describe(record), "\n");
        for (const std::string& id : reply.missing()) StrAppend(&text, id, " not found\n");
        return text;
      });
    }
    tenantdata::v1::GetRecordRequest request;
    request.set_record_id(options->ids.front());
    if (options->version > 0) request.set_version(options->version);
    if (!options->as_of.empty()) {
      absl::Time time;
      std::string error;
      if (!absl::ParseTime(absl::RFC3339_full, options->as_of, &time, &error)) {
        return absl::InvalidArgumentError("--as-of must be a time as 2026-01-31T15:04:05Z");
      }
      *request.mutable_time() = ToTimestamp(time);
    }
    ASSIGN_OR_RETURN(const Record record, client->Call(&RecordService::Stub::GetRecord, request));
    return run.Show(record, [&] { return Describe(record); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string collection;
    std::string equals;
    std::string filter;
    std::string order_by;
    std::string customer;
    bool total = false;
    int limit = 100;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("list", "Records of a collection");
  leaf->add_option("--collection", options->collection, "col_… or its key")->required();
  leaf->add_option("--equals", options->equals,
                   "{\"alpha_2\": \"DE\"}: exact matches on indexed fields");
  leaf->add_option("--filter", options->filter,
                   "AIP-160: 'population >= 1000 AND (name = \"Ch*\" OR NOT alpha_2 = \"CH\")'");
  leaf->add_option("--order-by", options->order_by, "An indexed field: population, 'name desc'");
  leaf->add_option("--customer-id", options->customer, "cus_…: this one's alone");
  leaf->add_flag("--total", options->total, "Count them too, up to 10,000");
  AddLimit(leaf, &options->limit);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::ListRecordsRequest request;
    request.set_collection(options->collection);
    request.set_filter(options->filter);
    request.set_order_by(options->order_by);
    request.set_customer_id(options->customer);
    if (!options->equals.empty()) {
      ASSIGN_OR_RETURN(*request.mutable_equals(), ParseStruct(options->equals));
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        ListAll(*client, Client::Scope::kTenant, &RecordService::Stub::ListRecords, request,
                &tenantdata::v1::ListRecordsResponse::mutable_records, options->limit));
    if (options->total) {
      request.set_page_size(1);
      request.set_include_total(true);
      ASSIGN_OR_RETURN(const auto counted,
                       client->Call(&RecordService::Stub::ListRecords, request));
      run.terminal.Note(StrCat(counted.total_is_at_least() ? "more than " : "",
                               counted.total_size(),
                               counted.total_size() == 1 ? " record" : " records"));
    }
    return run.Show(reply, [&] {
      Table table({"RECORD", "UPDATED", "VALUES"});
      for (const Record& record : reply.records()) {
        table.Add({record.record_id(), ToCell(record.update_time(), record.has_update_time()),
                   ToCell(record.values())});
      }
      return table.ToString() + DescribeNotShown(reply.records());
    });
  });
}

void AddHistory(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("history", "Every version: who, when, what");
  leaf->add_option("record_id", *id, "rec_…")->required();
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [id, limit](Invocation& run) -> absl::Status {
    tenantdata::v1::ListRecordHistoryRequest request;
    request.set_record_id(*id);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        ListAll(*client, Client::Scope::kTenant, &RecordService::Stub::ListRecordHistory, request,
                &tenantdata::v1::ListRecordHistoryResponse::mutable_versions, *limit));
    return run.Show(reply, [&] {
      Table table({"VERSION", "CHANGE", "TIME", "BY", "CHANGED", "VALUES"});
      for (const auto& version : reply.versions()) {
        table.Add({StrCat(version.version()), version.change(),
                   ToCell(version.time(), version.has_time()),
                   StrCat(version.actor_kind(), " ", version.actor_id()),
                   absl::StrJoin(version.changed_fields(), " "), ToCell(version.values())});
      }
      return table.ToString();
    });
  });
}

}  // namespace

void AddRecords(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(
      root, "records", "A tenant's data (API key)",
      "  kasbah records import /usr/share/iso-codes/json/iso_3166-1.json --collection countries\n"
      "  kasbah records list --collection countries --filter 'name = \"S*\"' --order-by name\n"
      "  kasbah records update rec_01h… --values '{\"note\": \"checked\"}'");
  AddRecordsImport(noun, invocation);
  AddRecordsFiles(noun, invocation);
  AddCreate(noun, invocation);
  AddGet(noun, invocation);
  AddList(noun, invocation);
  AddRecordsChanges(noun, invocation);
  AddHistory(noun, invocation);
}

}  // namespace kasbah::cli
