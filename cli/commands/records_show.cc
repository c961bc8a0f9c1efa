#include "cli/commands/records_show.h"

#include <map>

#include "absl/time/clock.h"
#include "cli/client/struct_json.h"
#include "cli/console/invocation.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"

namespace kasbah::cli {

using google::protobuf::Struct;
using tenantdata::v1::Record;
using tenantdata::v1::RecordService;

std::string Describe(const Record& record) {
  Properties properties = {{"record", record.record_id()}, {"collection", record.collection_id()}};
  if (!record.customer_id().empty()) properties.emplace_back("customer", record.customer_id());
  properties.emplace_back("etag", record.etag());
  properties.emplace_back("created", ToCell(record.create_time(), record.has_create_time()));
  properties.emplace_back("updated", ToCell(record.update_time(), record.has_update_time()));
  if (!record.subject_id().empty()) properties.emplace_back("subject", record.subject_id());
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
  for (const auto& value : record.unavailable()) {
    properties.emplace_back("  " + value.field().substr(value.field().find('.') + 1),
                            "(" + value.reason() + ")");
  }
  for (const std::string& path : record.stripped_paths())
    properties.emplace_back("taken out", path);
  for (const auto& moved : record.moved()) {
    properties.emplace_back("moved", StrCat(moved.path(), " to ", moved.secret_id()));
  }
  return ToString(properties);
}

std::string DescribeNotShown(const google::protobuf::RepeatedPtrField<Record>& records) {
  std::map<std::string, int> counts;
  for (const Record& record : records) {
    for (const auto& value : record.unavailable()) {
      ++counts[StrCat(value.field().substr(value.field().find('.') + 1), " (", value.reason(),
                      ")")];
    }
  }
  std::string text;
  for (const auto& [what, count] : counts) {
    text += StrCat("not shown: ", what, " of ", count, count == 1 ? " record\n" : " records\n");
  }
  return text;
}

void AddMoveToVault(CLI::App* leaf, std::string* path, std::string* request_id) {
  leaf->add_option("--move-to-vault", *path,
                   "A path in the vault: members of JSON named like secrets are kept below it")
      ->each([request_id](const std::string&) {
        if (request_id->empty()) *request_id = Uuid::V7(absl::Now()).ToString();
      });
}

absl::StatusOr<Record> GetRecord(Client& client, const std::string& id) {
  tenantdata::v1::GetRecordRequest request;
  request.set_record_id(id);
  return client.Call(&RecordService::Stub::GetRecord, request);
}

void ValuesOption::AddTo(CLI::App* leaf) {
  auto* inline_option = leaf->add_option("--values", text, "{\"field\": value, …}");
  leaf->add_option("-f,--file", file, "The same in a file; - for standard input")
      ->excludes(inline_option);
}

absl::StatusOr<Struct> ValuesOption::Read() const {
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

}  // namespace kasbah::cli
