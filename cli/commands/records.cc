#include "cli/commands/records.h"

#include "absl/strings/str_join.h"
#include "cli/client/paging.h"
#include "cli/client/struct_json.h"
#include "cli/commands/records_import.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using google::protobuf::Struct;
using tenantdata::v1::Record;
using tenantdata::v1::RecordService;

std::string Describe(const Record& record) {
  Properties properties = {{"record", record.record_id()}, {"collection", record.collection_id()}};
  if (!record.customer_id().empty()) properties.emplace_back("customer", record.customer_id());
  properties.emplace_back("etag", record.etag());
  properties.emplace_back("created", ToCell(record.create_time(), record.has_create_time()));
  properties.emplace_back("updated", ToCell(record.update_time(), record.has_update_time()));
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : record.values().fields()) {
    Struct one;
    (*one.mutable_fields())["v"] = value;
    const std::string cell = ToCell(one);
    values[name] = value.kind_case() == google::protobuf::Value::kStringValue
                       ? value.string_value()
                       : cell.substr(5, cell.size() - 6);
  }
  for (const auto& [name, value] : values) properties.emplace_back("  " + name, value);
  return ToString(properties);
}

// --values and --file, of which one has to be there.
struct ValuesOption {
  std::string text;
  std::string file;

  void AddTo(CLI::App* leaf) {
    auto* inline_option = leaf->add_option("--values", text, "{\"field\": value, …}");
    leaf->add_option("-f,--file", file, "The same in a file; - for standard input")
        ->excludes(inline_option);
  }
  absl::StatusOr<Struct> Read() const {
    if (!text.empty()) {
      auto values = ParseStruct(text);
      if (!values.ok()) {
        return absl::InvalidArgumentError(StrCat("--values ", FromAbsl(values.status().message())));
      }
      return values;
    }
    if (file.empty()) return absl::InvalidArgumentError("say --values or --file");
    ASSIGN_OR_RETURN(const std::string contents, ReadInput(file));
    auto values = ParseStruct(contents);
    if (!values.ok()) {
      return absl::InvalidArgumentError(StrCat(file, ": ", FromAbsl(values.status().message())));
    }
    return values;
  }
};

void AddCreate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string collection;
    std::string customer;
    std::string request_id;
    ValuesOption values;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("create", "Make a record");
  leaf->add_option("--collection", options->collection, "col_… or its key")->required();
  options->values.AddTo(leaf);
  leaf->add_option("--customer-id", options->customer, "cus_…: whose it is");
  leaf->add_option("--request-id", options->request_id, "UUID; repeating it creates nothing twice");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::CreateRecordRequest request;
    request.set_collection(options->collection);
    request.set_customer_id(options->customer);
    request.set_request_id(options->request_id);
    ASSIGN_OR_RETURN(*request.mutable_values(), options->values.Read());
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Record record,
                     client->Call(&RecordService::Stub::CreateRecord, request));
    return run.Show(record, [&] { return Describe(record); });
  });
}

absl::StatusOr<Record> GetRecord(Client& client, const std::string& id) {
  tenantdata::v1::GetRecordRequest request;
  request.set_record_id(id);
  return client.Call(&RecordService::Stub::GetRecord, request);
}

void AddGet(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("get", "One record");
  leaf->add_option("record_id", *id, "rec_…")->required();
  OnRun(leaf, invocation, [id](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Record record, GetRecord(*client, *id));
    return run.Show(record, [&] { return Describe(record); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string collection;
    std::string equals;
    int limit = 100;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("list", "Records of a collection");
  leaf->add_option("--collection", options->collection, "col_… or its key")->required();
  leaf->add_option("--equals", options->equals,
                   "{\"alpha_2\": \"DE\"}: exact matches on indexed fields");
  AddLimit(leaf, &options->limit);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::ListRecordsRequest request;
    request.set_collection(options->collection);
    if (!options->equals.empty()) {
      ASSIGN_OR_RETURN(*request.mutable_equals(), ParseStruct(options->equals));
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        ListAll(*client, Client::Scope::kTenant, &RecordService::Stub::ListRecords, request,
                &tenantdata::v1::ListRecordsResponse::mutable_records, options->limit));
    return run.Show(reply, [&] {
      Table table({"RECORD", "UPDATED", "VALUES"});
      for (const Record& record : reply.records()) {
        table.Add({record.record_id(), ToCell(record.update_time(), record.has_update_time()),
                   ToCell(record.values())});
      }
      return table.ToString();
    });
  });
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string id;
    std::string etag;
    ValuesOption values;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf =
      noun->add_subcommand("update", "Change the values that are named; null removes one");
  leaf->add_option("record_id", options->id, "rec_…")->required();
  options->values.AddTo(leaf);
  leaf->add_option("--etag", options->etag,
                   "Only if the record still is as this etag says; without it, as it is now");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::UpdateRecordRequest request;
    request.set_record_id(options->id);
    ASSIGN_OR_RETURN(*request.mutable_values(), options->values.Read());
    ASSIGN_OR_RETURN(Client * client, run.client());
    request.set_etag(options->etag);
    if (options->etag.empty()) {
      ASSIGN_OR_RETURN(const Record now, GetRecord(*client, options->id));
      request.set_etag(now.etag());
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
      Table table({"VERSION", "CHANGE", "TIME", "BY", "VALUES"});
      for (const auto& version : reply.versions()) {
        table.Add({StrCat(version.version()), version.change(),
                   ToCell(version.time(), version.has_time()),
                   StrCat(version.actor_kind(), " ", version.actor_id()),
                   ToCell(version.values())});
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
      "  kasbah records list --collection countries --equals '{\"alpha_2\": \"DE\"}'\n"
      "  kasbah records update rec_01h… --values '{\"note\": \"checked\"}'");
  AddRecordsImport(noun, invocation);
  AddCreate(noun, invocation);
  AddGet(noun, invocation);
  AddList(noun, invocation);
  AddUpdate(noun, invocation);
  AddDelete(noun, invocation);
  AddHistory(noun, invocation);
}

}  // namespace kasbah::cli
