// Files in and out as streams.
#include <set>
#include <thread>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/tenant_data/rpc/record_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReasonIs;
using testing::StatusIs;
using Request = v1::ImportRecordsRequest;
using Response = v1::ImportRecordsResponse;

constexpr char kId[] = "0190a2c4-0000-4000-8000-0000000000aa";

// What a stream said.
struct Said {
  absl::Status status;
  // "line field RULE", of every violation.
  std::vector<std::string> refused;
  Response::Progress progress;
};

class RecordImportTest : public RecordServiceTest {
 protected:
  struct Options {
    v1::LineFormat format = v1::LINE_FORMAT_JSON_LINES;
    std::string import_id = kId;
    std::optional<CustomerId> customer;
    size_t piece = 1 << 20;
    // Leave once so many lines are done with.
    uint64_t leave_at = 0;
    bool says_last = true;
  };

  Said Import(TenantId tenant, const std::string& file, const Options& options) {
    server_->assertions().RevocationsFresh();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(300)));
    context.AddMetadata("authorization", "Bearer " + AssertionFor(tenant, options.customer));
    Stub stub(ChannelOf("service/gateway"));
    auto stream = stub.ImportRecords(&context);
    std::thread writer([&] {
      Request first;
      first.mutable_start()->set_collection("countries");
      first.mutable_start()->set_format(options.format);
      first.mutable_start()->set_import_id(options.import_id);
      bool open = stream->Write(first);
      for (size_t at = 0; open && at < file.size(); at += options.piece) {
        Request piece;
        piece.set_data(file.substr(at, options.piece));
        open = stream->Write(piece);
      }
      Request last;
      last.set_last(true);
      if (open && options.says_last) stream->Write(last);
      stream->WritesDone();
    });
    Said said;
    Response response;
    while (stream->Read(&response)) {
      if (response.has_progress()) {
        said.progress = response.progress();
        if (options.leave_at > 0 && said.progress.lines() >= options.leave_at) context.TryCancel();
        continue;
      }
      for (const v1::Violation& violation : response.refused().violations()) {
        said.refused.push_back(
            absl::StrCat(response.refused().line(), " ", violation.field(), " ", violation.rule()));
      }
    }
    writer.join();
    said.status = rpc::FromGrpcStatus(stream->Finish());
    return said;
  }
  Said Import(const std::string& file) { return Import(a_, file, Options()); }
  Said ImportCsv(const std::string& file) {
    Options options;
    options.format = v1::LINE_FORMAT_CSV;
    return Import(a_, file, options);
  }

  absl::StatusOr<std::string> Export(TenantId tenant, v1::LineFormat format,
                                     const std::string& filter = "",
                                     std::optional<CustomerId> customer = std::nullopt) {
    server_->assertions().RevocationsFresh();
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + AssertionFor(tenant, customer));
    Stub stub(ChannelOf("service/gateway"));
    v1::ExportRecordsRequest request;
    request.set_collection("countries");
    request.set_format(format);
    request.set_filter(filter);
    auto stream = stub.ExportRecords(&context, request);
    std::string file;
    v1::ExportRecordsResponse response;
    while (stream->Read(&response)) file += response.data();
    absl::Status status = rpc::FromGrpcStatus(stream->Finish());
    if (!status.ok()) return status;
    return file;
  }

  // A line for each number, broken where it is a multiple of `broken_each`.
  static std::string Lines(int count, int broken_each) {
    std::string file;
    for (int i = 1; i <= count; ++i) {
      if (i % broken_each == 0) {
        absl::StrAppend(&file, "{\"code\": \"c", i, "\", \"population\": \"many\"}\n");
      } else {
        absl::StrAppend(&file, "{\"code\": \"c", i, "\", \"population\": ", i, "}\n");
      }
    }
    return file;
  }
};

TEST_F(RecordImportTest, LinesGoInAndEachRefusalHasItsLineFieldAndRule) {
  const Said said = Import(
      "{\"alpha_2\": \"CH\", \"iban\": \"I\", \"population\": 9007199254740993}\n"
      "\n"
      "not json\n"
      "{\"population\": \"many\", \"nope\": 1}\n"
      "{\"alpha_2\": \"CH\"}\r\n"
      "[1]\n"
      "{\"alpha_2\": \"DE\", \"alpha_2\": \"DE\"}\n"
      "{\"note\": {\"deep\": [[[[[[[[[[[[1]]]]]]]]]]]]}}\n"
      "{\"alpha_2\": \"LI\", \"note\": \"last, without its line end\"}");
  ASSERT_OK(said.status);
  EXPECT_THAT(said.refused,
              ElementsAre("3  JSON", "4 values.population TYPE", "4 values.nope UNKNOWN_FIELD",
                          "5 values.alpha_2 UNIQUE", "6  JSON", "7  JSON", "8 values.note TYPE"));
  EXPECT_TRUE(said.progress.done());
  EXPECT_EQ(said.progress.lines(), 9u);
  EXPECT_EQ(said.progress.created(), 2u);
  EXPECT_EQ(said.progress.refused(), 6u);
  EXPECT_EQ(Count("tenant_data.records"), 2);
  EXPECT_EQ(Count("tenant_data.records WHERE data->>'population' = '9007199254740993'"), 1);
  EXPECT_EQ(Count("tenant_data.records WHERE sealed IS NOT NULL"), 1);
}

TEST_F(RecordImportTest, CsvIsReadByItsHeader) {
  const Said said = ImportCsv(
      "\xEF\xBB\xBF"
      "alpha_2,note,population\r\n"
      "CH,\"two\nlines, and a \"\"quote\"\"\",8700000\r\n"
      "DE,,\r\n"
      "FR,\"\",x\r\n"
      "too,few\r\n"
      "\"open,1,2\r\n");
  ASSERT_OK(said.status);
  EXPECT_THAT(said.refused, ElementsAre("5 values.population TYPE", "6  CSV", "7  CSV"));
  EXPECT_EQ(said.progress.created(), 2u);
  EXPECT_EQ(test_->QueryValue("SELECT data->>'note' FROM tenant_data.records "
                              "WHERE data->>'alpha_2' = 'CH'"),
            "two\nlines, and a \"quote\"");
  Options another;
  another.format = v1::LINE_FORMAT_CSV;
  another.import_id = "0190a2c4-0000-4000-8000-0000000000bb";
  EXPECT_THAT(Import(a_, "alpha_2,nope\nCH,1\n", another).status, ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordImportTest, AnImportThatIsDoneSaysSoAgainAndCreatesNothing) {
  const std::string file = Lines(10, 5);
  const Said first = Import(file);
  ASSERT_OK(first.status);
  const Said again = Import(file);
  ASSERT_OK(again.status);
  EXPECT_EQ(again.refused, first.refused);
  EXPECT_EQ(again.progress.created(), 8u);
  EXPECT_EQ(again.progress.resumed(), 10u);
  EXPECT_TRUE(again.progress.done());
  EXPECT_EQ(Count("tenant_data.records"), 8);
}

TEST_F(RecordImportTest, AHundredThousandLinesWithABrokenOneInEachThousand) {
  const Said said = Import(Lines(100'000, 1000));
  ASSERT_OK(said.status);
  EXPECT_EQ(said.refused.size(), 100u);
  EXPECT_EQ(said.refused.front(), "1000 values.population TYPE");
  EXPECT_EQ(said.refused.back(), "100000 values.population TYPE");
  EXPECT_EQ(said.progress.created(), 99'900u);
  EXPECT_EQ(Count("tenant_data.records"), 99'900);
}

TEST_F(RecordImportTest, AnImportThatIsCutOffAgainAndAgainLosesAndDoublesNothing) {
  // No unique field tells a doubled line from another here: the count does.
  std::string file;
  for (int i = 1; i <= 6000; ++i) {
    absl::StrAppend(&file, i % 100 == 0 ? "broken\n" : "{\"name\": \"n\"}\n");
  }
  Options options;
  options.piece = 3000;
  std::vector<std::string> refused;
  for (uint64_t leave = 700; true; leave += 900) {
    options.leave_at = leave < 6000 ? leave : 0;
    const Said said = Import(a_, file, options);
    if (options.leave_at == 0 && ReasonOf(said.status) == "IMPORT_ELSEWHERE") continue;
    if (options.leave_at == 0) {
      ASSERT_OK(said.status);
      EXPECT_EQ(said.refused.size(), 60u);
      EXPECT_EQ(said.progress.created(), 5940u);
      break;
    }
    EXPECT_FALSE(said.status.ok());
  }
  EXPECT_EQ(Count("tenant_data.records"), 5940);
  EXPECT_EQ(Count("tenant_data.record_history"), 5940);
}

TEST_F(RecordImportTest, AFileThatIsNotTheOneItBeganWithIsRefused) {
  Options options;
  options.piece = 1000;
  options.says_last = false;
  const std::string file = Lines(1200, 5000);
  const Said cut = Import(a_, file, options);
  EXPECT_THAT(cut.status, ReasonIs("IMPORT_INCOMPLETE"));
  EXPECT_EQ(cut.progress.lines(), 1000u);
  EXPECT_THAT(Import("x" + file).status, ReasonIs("IMPORT_CHANGED"));
  EXPECT_THAT(Import(Lines(3, 5000)).status, ReasonIs("IMPORT_CHANGED"));
  EXPECT_THAT(ImportCsv("alpha_2\nCH\n").status, ReasonIs("IMPORT_ID_REUSED"));
  const Said whole = Import(file);
  ASSERT_OK(whole.status);
  EXPECT_EQ(whole.progress.resumed(), 1000u);
  EXPECT_EQ(Count("tenant_data.records"), 1200);
}

TEST_F(RecordImportTest, AVaultThatIsAwayEndsItAtTheBatchThatNeedsIt) {
  Options options;
  options.import_id = "not a uuid";
  EXPECT_THAT(Import(a_, "", options).status, ReasonIs("INVALID_FIELDS"));
  vault_server_->Shutdown(std::chrono::system_clock::now());
  vault_server_->Wait();
  const std::string file = Lines(500, 5000) + "{\"code\": \"sealed\", \"iban\": \"I\"}\n";
  const Said cut = Import(file);
  EXPECT_THAT(cut.status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Count("tenant_data.records"), 500);
  vault_server_ = nullptr;
  EXPECT_EQ(cut.progress.lines(), 500u);
}

TEST_F(RecordImportTest, AnotherCustomersOrTenantsImportIsNone) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  Options options;
  options.customer = one;
  ASSERT_OK(Import(a_, "{\"name\": \"x\"}\n", options).status);
  EXPECT_EQ(
      Count(absl::StrCat("tenant_data.records WHERE customer_id = '", one.uuid().ToString(), "'")),
      1);
  options.customer = two;
  EXPECT_THAT(Import(a_, "{\"name\": \"x\"}\n", options).status, ReasonIs("IMPORT_ID_REUSED"));
  const Said theirs = Import(b_, "{\"name\": \"x\"}\n", Options());
  ASSERT_OK(theirs.status);
  EXPECT_EQ(theirs.progress.resumed(), 0u);
  permissions_.reset(policy::v1::PERMISSION_RECORD_WRITE);
  EXPECT_THAT(Import(b_, "", Options()).status, ReasonIs("PERMISSION_DENIED"));
}

TEST_F(RecordImportTest, WhatIsExportedCanBeImported) {
  ASSERT_OK(Make(a_, {{"alpha_2", "CH"}, {"note", "a \"quote\", and\na line"}, {"iban", "I"}}));
  ASSERT_OK(Make(a_, {{"alpha_2", "DE"}, {"population", "9007199254740993"}}));
  ASSERT_OK(Make(a_, {{"alpha_2", "FR"}, {"note", ""}}));
  Options options;
  for (const v1::LineFormat format : {v1::LINE_FORMAT_JSON_LINES, v1::LINE_FORMAT_CSV}) {
    ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_, format));
    options.format = format;
    const Said said = Import(b_, file, options);
    ASSERT_OK(said.status);
    EXPECT_THAT(said.refused, IsEmpty());
    EXPECT_EQ(said.progress.created(), 3u);
    ASSERT_OK_AND_ASSIGN(const std::string again, Export(b_, format));
    EXPECT_EQ(again, file);
    test_->Execute(
        "DELETE FROM tenant_data.record_unique; DELETE FROM tenant_data.imports; "
        "UPDATE tenant_data.records SET deleted_at = now() WHERE tenant_id = '" +
        b_.uuid().ToString() + "'");
  }
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "record.export");
}

TEST_F(RecordImportTest, AnExportKeepsToItsFilterAndScope) {
  const CustomerId one = MakeCustomer(a_, "one");
  ASSERT_OK(Make(a_, {{"code", "1"}, {"name", "x"}}, "", one));
  ASSERT_OK(Make(a_, {{"code", "2"}, {"name", "x"}}));
  ASSERT_OK(Make(a_, {{"code", "3"}, {"name", "y"}}));
  ASSERT_OK_AND_ASSIGN(const std::string x, Export(a_, v1::LINE_FORMAT_JSON_LINES, "name = \"x\""));
  EXPECT_EQ(x, "{\"name\":\"x\",\"code\":\"1\"}\n{\"name\":\"x\",\"code\":\"2\"}\n");
  ASSERT_OK_AND_ASSIGN(const std::string scoped, Export(a_, v1::LINE_FORMAT_JSON_LINES, "", one));
  EXPECT_EQ(scoped, "{\"name\":\"x\",\"code\":\"1\"}\n");
  EXPECT_THAT(Export(a_, v1::LINE_FORMAT_CSV, "note = \"x\""), ReasonIs("INVALID_FIELDS"));
  ASSERT_OK_AND_ASSIGN(const std::string none, Export(b_, v1::LINE_FORMAT_JSON_LINES));
  EXPECT_EQ(none, "");
}

}  // namespace
}  // namespace kasbah::tenantdata
