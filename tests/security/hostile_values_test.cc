// Hostile texts as values: by every way that a value can come in, what is read back is the same to
// the byte, or the one violation that says why not, and a search for it finds that record alone.

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/rpc/status_mapping.h"
#include "tests/security/estate.h"
#include "tests/security/hostile.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::Struct;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using Customers = tenantdata::v1::CustomerService;
using Files = tenantdata::v1::FileService;
using Records = tenantdata::v1::RecordService;

constexpr char kBystander[] = "a text that nobody looks for";

Struct Named(const std::string& text) {
  Struct values;
  (*values.mutable_fields())["name"].set_string_value(text);
  return values;
}

// As a filter quotes a text.
std::string Quoted(const std::string& text, const char* end = "") {
  return StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"*", "\\*"}}),
                end, "\"");
}

absl::Status Refused(const google::protobuf::RepeatedPtrField<tenantdata::v1::Violation>& all) {
  std::vector<Violation> violations;
  for (const auto& one : all) violations.push_back({one.field(), one.description(), one.rule()});
  return InvalidFields(std::move(violations));
}

class HostileValues : public ::testing::Test {
 protected:
  // The record's id, once the text is its name.
  using Way = std::function<absl::StatusOr<std::string>(const std::string& text)>;

  static void SetUpTestSuite() {
    System::AskForNoRateLimits();
    tenant_ = new TestTenant(System::Get().CreateTenant("hostile-values"));
    DefineCollections(*tenant_);
    ASSERT_TRUE(Create(kBystander).ok());
  }

  template <typename Request, typename Reply>
  static absl::StatusOr<Reply> Call(grpc::Status (Records::Stub::*method)(grpc::ClientContext*,
                                                                          const Request&, Reply*),
                                    const Request& request) {
    return AsOwner<Records>(*tenant_, "tenant-data", method, request);
  }

  static absl::StatusOr<std::string> Create(const std::string& text) {
    tenantdata::v1::CreateRecordRequest request;
    request.set_collection("things");
    *request.mutable_values() = Named(text);
    ASSIGN_OR_RETURN(const auto record, Call(&Records::Stub::CreateRecord, request));
    return record.record_id();
  }
  static absl::StatusOr<std::string> Update(const std::string& text) {
    tenantdata::v1::CreateRecordRequest create;
    create.set_collection("things");
    *create.mutable_values() = Named(FreshTexts()["${text}"]);
    ASSIGN_OR_RETURN(const auto record, Call(&Records::Stub::CreateRecord, create));
    tenantdata::v1::UpdateRecordRequest update;
    update.set_record_id(record.record_id());
    update.set_etag(record.etag());
    *update.mutable_values() = Named(text);
    return Kept(record.record_id(), Call(&Records::Stub::UpdateRecord, update).status());
  }
  static absl::StatusOr<std::string> Restore(const std::string& text) {
    ASSIGN_OR_RETURN(const std::string id, Create(FreshTexts()["${text}"]));
    tenantdata::v1::DeleteRecordRequest remove;
    remove.set_record_id(id);
    RETURN_IF_ERROR(Call(&Records::Stub::DeleteRecord, remove).status());
    tenantdata::v1::RestoreRecordRequest restore;
    restore.set_record_id(id);
    *restore.mutable_values() = Named(text);
    return Kept(id, Call(&Records::Stub::RestoreRecord, restore).status());
  }
  // Twice, since the second has to find what the first made.
  static absl::StatusOr<std::string> Upsert(const std::string& text) {
    tenantdata::v1::UpsertRecordRequest request;
    request.set_collection("things");
    request.set_unique_field("name");
    *request.mutable_values() = Named(text);
    ASSIGN_OR_RETURN(const auto made, Call(&Records::Stub::UpsertRecord, request));
    ASSIGN_OR_RETURN(const auto found, Call(&Records::Stub::UpsertRecord, request));
    EXPECT_TRUE(made.created());
    EXPECT_FALSE(found.created());
    EXPECT_EQ(found.record().record_id(), made.record().record_id());
    return made.record().record_id();
  }
  static absl::StatusOr<std::string> Batch(const std::string& text) {
    tenantdata::v1::BatchCreateRecordsRequest request;
    request.set_collection("things");
    *request.add_values() = Named(text);
    ASSIGN_OR_RETURN(const auto made, Call(&Records::Stub::BatchCreateRecords, request));
    if (made.items(0).violations_size() > 0) return Refused(made.items(0).violations());
    return made.items(0).record_id();
  }
  static absl::StatusOr<std::string> ImportJson(const std::string& text) {
    std::string line;
    KASBAH_CHECK(google::protobuf::util::MessageToJsonString(Named(text), &line).ok());
    return Import(tenantdata::v1::LINE_FORMAT_JSON_LINES, StrCat(line, "\n"), text);
  }
  static absl::StatusOr<std::string> ImportCsv(const std::string& text) {
    return Import(tenantdata::v1::LINE_FORMAT_CSV,
                  StrCat("name\r\n\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"\r\n"),
                  text);
  }
  static absl::StatusOr<std::string> Import(tenantdata::v1::LineFormat format,
                                            const std::string& file, const std::string& text) {
    const auto stub =
        Records::NewStub(System::Get().Channel("tenant-data", tenant_->certificate_directory));
    const auto context = System::Get().OwnerContext(*tenant_);
    const auto stream = stub->ImportRecords(context.get());
    tenantdata::v1::ImportRecordsRequest request;
    request.mutable_start()->set_collection("things");
    request.mutable_start()->set_format(format);
    request.mutable_start()->set_import_id(Uuid::V7(absl::Now()).ToString());
    request.set_data(file);
    request.set_last(true);
    stream->Write(request);
    stream->WritesDone();
    tenantdata::v1::ImportRecordsResponse event;
    absl::Status refused;
    while (stream->Read(&event)) {
      if (event.has_refused()) refused = Refused(event.refused().violations());
    }
    RETURN_IF_ERROR(rpc::FromGrpcStatus(stream->Finish()));
    RETURN_IF_ERROR(refused);
    const std::vector<std::string> found = Find("equals", Named(text), "");
    if (found.size() != 1) return absl::InternalError("what was imported is not found");
    return found[0];
  }
  // What a refused change leaves is not in the way of the next.
  static absl::StatusOr<std::string> Kept(const std::string& id, const absl::Status& status) {
    if (!status.ok()) Purge(id);
    RETURN_IF_ERROR(status);
    return id;
  }
  static void Purge(const std::string& id) {
    tenantdata::v1::PurgeRecordRequest purge;
    purge.set_record_id(id);
    const absl::Status purged = Call(&Records::Stub::PurgeRecord, purge).status();
    EXPECT_TRUE(purged.ok()) << purged;
  }

  // The ids of what a search finds.
  static std::vector<std::string> Find(const std::string& what, const Struct& equals,
                                       const std::string& filter) {
    tenantdata::v1::ListRecordsRequest list;
    list.set_collection("things");
    *list.mutable_equals() = equals;
    list.set_filter(filter);
    const auto page = Call(&Records::Stub::ListRecords, list);
    EXPECT_TRUE(page.ok()) << what << ": " << page.status();
    std::vector<std::string> ids;
    if (!page.ok()) return ids;
    for (const auto& record : page->records()) ids.push_back(record.record_id());
    return ids;
  }

  static TestTenant* tenant_;
};
TestTenant* HostileValues::tenant_ = nullptr;

TEST_F(HostileValues, ComeBackToTheByteAndAreFoundAlone) {
  const std::vector<std::pair<std::string, Way>> ways = {
      {"CreateRecord", Create},          {"UpdateRecord", Update},
      {"RestoreRecord", Restore},        {"UpsertRecord", Upsert},
      {"BatchCreateRecords", Batch},     {"ImportRecords, JSON", ImportJson},
      {"ImportRecords, CSV", ImportCsv},
  };
  for (const auto& [way, put] : ways) {
    for (const std::string& text : HostileTexts()) {
      const absl::StatusOr<std::string> id = put(text);
      // The database's texts have no zero bytes.
      if (text.find('\0') != std::string::npos) {
        const std::vector<Violation> violations = DetailsOf(id.status()).violations;
        ASSERT_THAT(violations, SizeIs(1)) << way << ": " << id.status();
        EXPECT_EQ(violations[0].field, "values.name") << way;
        continue;
      }
      ASSERT_TRUE(id.ok()) << way << " answered " << id.status() << " to " << text;
      tenantdata::v1::GetRecordRequest get;
      get.set_record_id(*id);
      const auto record = Call(&Records::Stub::GetRecord, get);
      ASSERT_TRUE(record.ok()) << way << ": " << record.status();
      EXPECT_EQ(record->values().fields().at("name").string_value(), text) << way;
      EXPECT_THAT(Find(way, {}, StrCat("name = ", Quoted(text))), ElementsAre(*id)) << text;
      EXPECT_THAT(Find(way, {}, StrCat("name = ", Quoted(text, "*"))), ElementsAre(*id)) << text;
      EXPECT_THAT(Find(way, Named(text), ""), ElementsAre(*id)) << text;
      EXPECT_THAT(Find(way, {}, StrCat("NOT name = ", Quoted(text))), SizeIs(1)) << text;
      Purge(*id);
    }
  }
  EXPECT_THAT(Find("all", {}, ""), SizeIs(1));
}

TEST_F(HostileValues, NamesOfCustomersComeBackToTheByte) {
  for (const std::string& text : HostileTexts()) {
    if (text.size() > 200) continue;
    tenantdata::v1::CreateCustomerRequest request;
    request.set_external_id(text);
    request.set_display_name(text);
    const auto made =
        AsOwner<Customers>(*tenant_, "tenant-data", &Customers::Stub::CreateCustomer, request);
    if (text.find('\0') != std::string::npos) {
      EXPECT_EQ(ReasonOf(made.status()), "INVALID_FIELDS") << made.status();
      continue;
    }
    ASSERT_TRUE(made.ok()) << made.status() << " to " << text;
    tenantdata::v1::GetCustomerRequest get;
    get.set_customer_id(made->customer_id());
    const auto found =
        AsOwner<Customers>(*tenant_, "tenant-data", &Customers::Stub::GetCustomer, get);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->external_id(), text);
    EXPECT_EQ(found->display_name(), text);
  }
}

TEST_F(HostileValues, SubjectsOfRecordsComeBackToTheByte) {
  for (const std::string& text : HostileTexts()) {
    if (text.size() > 320) continue;
    tenantdata::v1::CreateRecordRequest request;
    request.set_collection("targets");
    *request.mutable_values() = Named("x");
    request.set_subject_id(text);
    const auto made = Call(&Records::Stub::CreateRecord, request);
    if (text.find('\0') != std::string::npos) {
      EXPECT_EQ(ReasonOf(made.status()), "INVALID_FIELDS") << made.status();
      continue;
    }
    ASSERT_TRUE(made.ok()) << made.status() << " to " << text;
    tenantdata::v1::GetRecordRequest get;
    get.set_record_id(made->record_id());
    const auto found = Call(&Records::Stub::GetRecord, get);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->subject_id(), text);
  }
}

// A file's name stands in headers and on other people's disks, so not all that is text can be one.
TEST_F(HostileValues, NamesAndSubjectsOfFilesComeBackToTheByteOrAreOneViolation) {
  const auto stub =
      Files::NewStub(System::Get().Channel("tenant-data", tenant_->certificate_directory));
  int kept = 0;
  for (const std::string& text : HostileTexts()) {
    if (text.size() > 255) continue;
    for (const bool as_name : {true, false}) {
      const auto context = System::Get().OwnerContext(*tenant_);
      tenantdata::v1::File file;
      const auto writer = stub->UploadFile(context.get(), &file);
      tenantdata::v1::UploadFileRequest message;
      message.mutable_metadata()->set_name(as_name ? text : "a.txt");
      if (!as_name) message.mutable_metadata()->set_subject(text);
      message.mutable_metadata()->set_size(1);
      message.set_chunk("x");
      writer->Write(message);
      writer->WritesDone();
      const absl::Status status = rpc::FromGrpcStatus(writer->Finish());
      if (!status.ok()) {
        const std::vector<Violation> violations = DetailsOf(status).violations;
        ASSERT_THAT(violations, SizeIs(1)) << status << " to " << text;
        EXPECT_EQ(violations[0].field, as_name ? "metadata.name" : "metadata.subject");
        EXPECT_TRUE(as_name || text.find('\0') != std::string::npos) << text;
        continue;
      }
      ++kept;
      if (as_name) {
        EXPECT_EQ(file.name(), text);
        continue;
      }
      // Whose a file is, its replies do not say.
      const auto id = FileId::Parse(file.file_id());
      EXPECT_EQ(System::Get().QueryValue(StrCat(
                    "SELECT encode(convert_to(subject, 'UTF8'), 'hex') FROM tenant_data.files "
                    "WHERE file_id = '",
                    id->uuid().ToString(), "'")),
                crypto::Hex(text));
    }
  }
  EXPECT_GT(kept, 15);
}

}  // namespace
}  // namespace kasbah::security_test
