#include "tests/security/tenant_data_requests.h"

#include <google/protobuf/util/json_util.h>

#include <set>

#include "absl/strings/str_replace.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// A stream that imports one file.
std::vector<std::string> Import(std::string_view start, std::string_view format,
                                std::string_view file) {
  return {StrCat(R"({"start": {"collection": "${collection}", "import_id": "${uuid}", "format": ")",
                 format, "\"", start, "}}"),
          StrCat(R"({"data": ")", crypto::Base64(file), R"(", "last": true})")};
}

std::vector<std::string> Upload(std::string_view more) {
  return {StrCat(R"({"metadata": {"name": "a.txt", "size": 1)", more, "}}"),
          R"({"chunk": "eA=="})"};
}

}  // namespace

const std::vector<TenantDataRequest>& TenantDataRequests() {
  using enum Of;
  static const auto* requests = new std::vector<TenantDataRequest>{
      {"TenantService.GetTenant", kCustomer, {"{}"}},
      {"UsageService.GetUsage", kTenant, {"{}"}},

      {"CustomerService.CreateCustomer", kTenant, {R"({"external_id": "${text}"})"}},
      {"CustomerService.GetCustomer", kCustomer, {R"({"customer_id": "${customer}"})"}},
      {"CustomerService.ListCustomers", kCustomer, {"{}"}},
      {"CustomerService.UpdateCustomer",
       kTenant,
       {R"({"customer_id": "${customer}", "etag": "v1", "display_name": "New"})"}},
      {"CustomerService.SuspendCustomer", kTenant, {R"({"customer_id": "${customer}"})"}},
      {"CustomerService.ResumeCustomer", kTenant, {R"({"customer_id": "${customer}"})"}},

      {"DomainService.CreateDomain", kTenant, {R"({"host": "${text}.scope-of-tests.com"})"}},
      {"DomainService.VerifyDomain", kTenant, {R"({"domain_id": "${domain}"})"}},
      {"DomainService.GetDomain", kTenant, {R"({"domain_id": "${domain}"})"}},
      {"DomainService.ListDomains", kTenant, {"{}"}},
      {"DomainService.DeleteDomain", kTenant, {R"({"domain_id": "${domain}"})"}},

      // What records may be is said for the tenant; its customers' programs may read it.
      {"CollectionService.GetCollection", kCustomer, {R"({"collection": "${collection}"})"}},
      {"CollectionService.ListCollections", kCustomer, {"{}"}},
      {"CollectionService.CreateCollection",
       kTenant,
       {R"({"key": "${key}", "fields": [{"key": "ref", "type": "FIELD_TYPE_REFERENCE",
            "reference_collection": "${collection}"}]})"}},
      {"CollectionService.UpdateCollection",
       kTenant,
       {R"({"collection": "${collection}", "etag": "v1",
            "fields": [{"key": "name", "type": "FIELD_TYPE_TEXT"}]})"}},
      {"CollectionService.UpdateCollection",
       kTenant,
       {R"({"collection": "things", "etag": "v1", "fields": [{"key": "new",
            "type": "FIELD_TYPE_REFERENCE", "reference_collection": "${collection}"}]})"}},
      {"CollectionService.DeleteCollection",
       kTenant,
       {R"({"collection": "${collection}", "etag": "v1"})"}},
      {"CollectionService.UndeleteCollection",
       kTenant,
       {R"({"collection": "${collection}", "etag": "v1"})"}},
      {"CollectionService.RebuildFieldIndex",
       kTenant,
       {R"({"collection": "${collection}", "field": "name"})"}},

      {"RecordService.CreateRecord",
       kCustomer,
       {R"({"collection": "${collection}", "values": {"name": "${text}"}})"}},
      {"RecordService.CreateRecord",
       kCustomer,
       {R"({"collection": "things", "customer_id": "${customer}",
            "values": {"name": "${text}", "ref": "${target}", "doc": "${file}"}})"}},
      {"RecordService.BatchCreateRecords",
       kCustomer,
       {R"({"collection": "${collection}", "customer_id": "${customer}",
            "values": [{"name": "${text}", "ref": "${target}", "doc": "${file}"}]})"}},
      {"RecordService.GetRecord", kCustomer, {R"({"record_id": "${record}"})"}},
      {"RecordService.GetRecord", kCustomer, {R"({"record_id": "${deleted}", "version": "1"})"}},
      {"RecordService.GetRecord",
       kCustomer,
       {R"({"record_id": "${record}", "time": "2100-01-01T00:00:00Z"})"}},
      {"RecordService.BatchGetRecords",
       kCustomer,
       {R"({"record_ids": ["${target}", "${record}"]})"}},
      {"RecordService.ListRecords", kCustomer, {R"({"collection": "${collection}"})"}},
      {"RecordService.ListRecords", kCustomer, {R"({"collection": "things", "include_total": true,
            "filter": "ref = \"${target}\" OR doc = \"${file}\" OR name = \"${canary}\""})"}},
      {"RecordService.ListRecords",
       kCustomer,
       {R"({"collection": "things", "customer_id": "${customer}"})"}},
      {"RecordService.ListRecords",
       kCustomer,
       {R"({"collection": "things", "equals": {"ref": "${target}"}})"}},
      {"RecordService.ListRecords",
       kCustomer,
       {R"({"collection": "things", "equals": {"doc": "${file}"}})"}},
      {"RecordService.UpdateRecord",
       kCustomer,
       {R"({"record_id": "${record}", "etag": "*", "values": {"note": "changed"}})"}},
      {"RecordService.UpdateRecord", kCustomer, {R"({"record_id": "${record}", "etag": "*",
            "values": {"ref": "${target}", "doc": "${file}"}})"}},
      {"RecordService.UpsertRecord",
       kCustomer,
       {R"({"collection": "things", "unique_field": "name", "customer_id": "${customer}",
            "values": {"name": "${text}", "ref": "${target}", "doc": "${file}"}})"}},
      {"RecordService.UpsertRecord",
       kCustomer,
       {R"({"collection": "${collection}", "unique_field": "name",
            "values": {"name": "${own}", "ref": "${target}", "doc": "${file}"}})"}},
      {"RecordService.RestoreRecord", kCustomer, {R"({"record_id": "${deleted}"})"}},
      {"RecordService.RestoreRecord",
       kCustomer,
       {R"({"record_id": "${deleted}", "values": {"ref": "${target}", "doc": "${file}"}})"}},
      {"RecordService.ImportRecords", kCustomer,
       Import(R"(, "customer_id": "${customer}")", "LINE_FORMAT_JSON_LINES",
              "{\"name\": \"${text}\", \"ref\": \"${target}\", \"doc\": \"${file}\"}\n")},
      {"RecordService.ImportRecords", kCustomer,
       Import("", "LINE_FORMAT_CSV", "name,ref,doc\r\n${text},${target},${file}\r\n")},
      {"RecordService.ExportRecords",
       kCustomer,
       {R"({"collection": "${collection}", "format": "LINE_FORMAT_CSV"})"}},
      {"RecordService.ExportRecords",
       kCustomer,
       {R"({"collection": "things", "format": "LINE_FORMAT_JSON_LINES",
            "filter": "ref = \"${target}\" OR doc = \"${file}\" OR name = \"${canary}\""})"}},
      {"RecordService.ListRecordHistory", kCustomer, {R"({"record_id": "${record}"})"}},
      {"RecordService.DeleteRecord", kCustomer, {R"({"record_id": "${record}"})"}},
      {"RecordService.PurgeRecord", kCustomer, {R"({"record_id": "${record}"})"}},
      {"RecordService.PurgeRecord", kCustomer, {R"({"record_id": "${deleted}"})"}},

      {"FileService.UploadFile", kCustomer, Upload(R"(, "customer_id": "${customer}")")},
      {"FileService.UploadFile", kCustomer, Upload(R"(, "record_id": "${record}")")},
      {"FileService.UploadFile", kCustomer, Upload(R"(, "collection_id": "${collection}")")},
      {"FileService.DownloadFile", kCustomer, {R"({"file_id": "${file}"})"}},
      {"FileService.GetFile", kCustomer, {R"({"file_id": "${file}"})"}},
      {"FileService.ListFiles", kCustomer, {"{}"}},
      {"FileService.ListFiles", kCustomer, {R"({"record_id": "${record}"})"}},
      {"FileService.DeleteFile", kCustomer, {R"({"file_id": "${file}"})"}},
      {"FileService.UploadTransient", kCustomer, Upload("")},
      {"FileService.TakeTransient", kCustomer, {R"({"file_id": "${transient}"})"}},

      {"RightsService.StartSubjectExport", kTenant, {R"({"subject": "${text}@example.com"})"}},
      {"RightsService.StartTenantExport", kTenant, {"{}"}},
      {"RightsService.StartSubjectErasure", kTenant, {R"({"subject": "${text}@example.com"})"}},
      {"RightsService.GetRightsOperation", kTenant, {R"({"operation_id": "${operation}"})"}},
      {"RightsService.ListRightsOperations", kTenant, {"{}"}},
      {"RightsService.CancelRightsOperation", kTenant, {R"({"operation_id": "${operation}"})"}},
      {"RightsService.DownloadExport", kTenant, {R"({"operation_id": "${operation}"})"}},

      // Operators alone.
      {"PlacementService.GetMove", kTenant, {R"({"move_id": "${move}"})"}},
      {"PlacementService.CancelMove", kTenant, {R"({"move_id": "${move}"})"}},
  };
  return *requests;
}

void ReplaceTexts(Message* message, const OnText& on_text) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool is_text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!field->is_repeated()) {
      if (is_text) {
        reflection->SetString(message, field,
                              on_text(field, reflection->GetString(*message, field)));
      } else if (is_message) {
        ReplaceTexts(reflection->MutableMessage(message, field), on_text);
      }
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      if (is_text) {
        reflection->SetRepeatedString(
            message, field, i, on_text(field, reflection->GetRepeatedString(*message, field, i)));
      } else if (is_message) {
        ReplaceTexts(reflection->MutableRepeatedMessage(message, field, i), on_text);
      }
    }
  }
}

Messages Fill(const TenantDataRequest& request, const MethodDescriptor* method,
              const Names& names) {
  Messages messages;
  for (const std::string& json : request.messages) {
    messages.emplace_back(google::protobuf::MessageFactory::generated_factory()
                              ->GetPrototype(method->input_type())
                              ->New());
    const auto read = google::protobuf::util::JsonStringToMessage(json, messages.back().get());
    if (!read.ok()) Crash(StrCat(request.method, ": ", read.ToString()), __FILE__, __LINE__);
    ReplaceTexts(messages.back().get(), [&](const FieldDescriptor*, const std::string& text) {
      return absl::StrReplaceAll(text, names);
    });
  }
  return messages;
}

std::vector<std::string> NamesIn(const TenantDataRequest& request, const MethodDescriptor* method) {
  std::set<std::string> found;
  for (const auto& message : Fill(request, method, {})) {
    ReplaceTexts(message.get(), [&](const FieldDescriptor*, const std::string& text) {
      for (size_t at = text.find("${"); at != text.npos; at = text.find("${", at + 1)) {
        found.insert(text.substr(at, text.find('}', at) + 1 - at));
      }
      return text;
    });
  }
  return {found.begin(), found.end()};
}

std::string NameOf(const MethodDescriptor* method) {
  return StrCat(method->service()->name(), ".", method->name());
}

}  // namespace kasbah::security_test
