#include "cli/commands/records_changes.h"

#include "cli/client/client.h"
#include "cli/commands/records_show.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Record;
using tenantdata::v1::RecordService;

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string id;
    std::string etag;
    std::vector<std::string> mask;
    std::string request_id;
    std::string subject;
    std::string move_to_vault;
    ValuesOption values;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf =
      noun->add_subcommand("update", "Change the values that are named; null removes one");
  leaf->add_option("record_id", options->id, "rec_…")->required();
  options->values.AddTo(leaf);
  leaf->add_option("--etag", options->etag,
                   "Only if the record still is as this etag says; * or nothing: as it is now");
  leaf->add_option("--mask", options->mask,
                   "Fields to change, one that has no value is removed; * for all of them");
  leaf->add_option("--request-id", options->request_id, "UUID that names what is moved");
  leaf->add_option("--subject-id", options->subject,
                   "Whose data it is, of a record that was nobody's: it goes when they are erased");
  AddMoveToVault(leaf, &options->move_to_vault, &options->request_id);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::UpdateRecordRequest request;
    request.set_subject_id(options->subject);
    request.set_record_id(options->id);
    ASSIGN_OR_RETURN(*request.mutable_values(), options->values.Read());
    ASSIGN_OR_RETURN(Client * client, run.client());
    request.set_etag(options->etag.empty() ? "*" : options->etag);
    request.set_request_id(options->request_id);
    request.set_move_to_vault(options->move_to_vault);
    for (const std::string& field : options->mask) {
      request.mutable_update_mask()->add_paths(field == "*" ? field : "values." + field);
    }
    ASSIGN_OR_RETURN(const Record record,
                     client->Call(&RecordService::Stub::UpdateRecord, request));
    return run.Show(record, [&] { return Describe(record); });
  });
}

void AddDelete(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::DeleteRecordRequest>();
  CLI::App* leaf = noun->add_subcommand("delete", "Take a record out; its history stays");
  leaf->add_option_function<std::string>(
          "record_id", [request](const std::string& id) { request->set_record_id(id); }, "rec_…")
      ->required();
  leaf->add_option_function<std::string>(
      "--etag", [request](const std::string& etag) { request->set_etag(etag); },
      "Only if the record still is as this etag says");
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&RecordService::Stub::DeleteRecord, *request));
    return run.Show(reply, [&] { return StrCat("deleted ", request->record_id(), "\n"); });
  });
}

void AddUpsert(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string collection;
    std::string unique;
    std::string customer;
    std::string subject;
    std::string request_id;
    std::string move_to_vault;
    ValuesOption values;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand(
      "upsert", "Change the record that has a value of a unique field, or make it");
  leaf->add_option("--collection", options->collection, "col_… or its key")->required();
  leaf->add_option("--by", options->unique, "Key of the unique field")->required();
  options->values.AddTo(leaf);
  leaf->add_option("--customer-id", options->customer, "cus_…: whose a new one is");
  leaf->add_option("--subject-id", options->subject, "Whose data a new one is");
  leaf->add_option("--request-id", options->request_id, "UUID that names what is moved");
  AddMoveToVault(leaf, &options->move_to_vault, &options->request_id);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::UpsertRecordRequest request;
    request.set_collection(options->collection);
    request.set_unique_field(options->unique);
    request.set_customer_id(options->customer);
    request.set_subject_id(options->subject);
    request.set_request_id(options->request_id);
    request.set_move_to_vault(options->move_to_vault);
    ASSIGN_OR_RETURN(*request.mutable_values(), options->values.Read());
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&RecordService::Stub::UpsertRecord, request));
    return run.Show(reply, [&] {
      return StrCat(reply.created() ? "created\n" : "updated\n", Describe(reply.record()));
    });
  });
}

void AddRestore(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string id;
    std::string etag;
    ValuesOption values;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("restore", "Take a deletion back");
  leaf->add_option("record_id", options->id, "rec_…")->required();
  options->values.AddTo(leaf);
  leaf->add_option("--etag", options->etag, "Only if the record still is as this etag says");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::RestoreRecordRequest request;
    request.set_record_id(options->id);
    request.set_etag(options->etag);
    if (options->values.is_given()) {
      ASSIGN_OR_RETURN(*request.mutable_values(), options->values.Read());
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Record record,
                     client->Call(&RecordService::Stub::RestoreRecord, request));
    return run.Show(record, [&] { return Describe(record); });
  });
}

void AddPurge(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::PurgeRecordRequest>();
  CLI::App* leaf = noun->add_subcommand("purge", "Remove a record and its history, for good");
  leaf->add_option_function<std::string>(
          "record_id", [request](const std::string& id) { request->set_record_id(id); }, "rec_…")
      ->required();
  leaf->add_option_function<std::string>(
      "--etag", [request](const std::string& etag) { request->set_etag(etag); },
      "Only if the record still is as this etag says");
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&RecordService::Stub::PurgeRecord, *request));
    return run.Show(reply, [&] { return StrCat("purged ", request->record_id(), "\n"); });
  });
}

}  // namespace

void AddRecordsChanges(CLI::App* records, Invocation& invocation) {
  AddUpdate(records, invocation);
  AddUpsert(records, invocation);
  AddDelete(records, invocation);
  AddRestore(records, invocation);
  AddPurge(records, invocation);
}

}  // namespace kasbah::cli
