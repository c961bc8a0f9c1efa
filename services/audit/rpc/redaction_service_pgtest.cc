#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "libs/objects/bucket_store.h"
#include "libs/testing/aws_server.h"
#include "services/audit/rpc/retention_fixture.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

class RedactionServiceTest : public RetentionTestBase {
 protected:
  static outbox::v1::AuditEvent Named(const std::string& name, const std::string& id) {
    outbox::v1::AuditEvent event = Event("secret.read", id);
    event.mutable_actor()->set_display(name);
    return event;
  }
  absl::StatusOr<v1::RedactEventsResponse> Redact(const v1::RedactEventsRequest& request) {
    return As(a_, &v1::RedactionService::Stub::RedactEvents, request);
  }
  static v1::RedactEventsRequest Of(std::vector<uint64_t> sequences) {
    v1::RedactEventsRequest request;
    request.mutable_sequences()->Add(sequences.begin(), sequences.end());
    request.set_reason("request 7");
    return request;
  }
  static std::vector<std::string> Lines(const std::string& file) {
    return absl::StrSplit(file, '\n');
  }
};

TEST_F(RedactionServiceTest, LeavesEveryProofAsItWas) {
  Log(Repeat(a_, 300));
  Sign(a_);
  ASSERT_OK_AND_ASSIGN(const std::string before, Export(a_));
  v1::RedactEventsRequest request = Of({7});
  request.add_fields(v1::PERSONAL_FIELD_SOURCE_ADDRESS);
  ASSERT_OK_AND_ASSIGN(const auto reply, Redact(request));
  EXPECT_EQ(reply.sequences_size(), 1);
  EXPECT_FALSE(reply.more());
  EXPECT_FALSE(reply.archives_pending());

  ASSERT_OK_AND_ASSIGN(const std::string after, Export(a_));
  const merkle::ExportVerdict verdict = Verify(a_, after);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.erased_values, 1u);
  const std::vector<std::string> old_lines = Lines(before);
  const std::vector<std::string> new_lines = Lines(after);
  ASSERT_EQ(old_lines.size(), new_lines.size());
  // The header, the events but the redacted one; the trailer tells of the changed line.
  for (size_t i = 0; i + 2 < old_lines.size(); ++i) {
    if (i == 8) continue;
    EXPECT_EQ(old_lines[i], new_lines[i]);
  }
  // Of that one, leaf and proof.
  const auto leaf_on = [](const std::string& line) { return line.substr(line.find("\"leaf\"")); };
  EXPECT_EQ(leaf_on(old_lines[8]), leaf_on(new_lines[8]));
  EXPECT_NE(new_lines[8].find("\"source_address\":null"), std::string::npos);
  EXPECT_NE(new_lines[8].find("Ada Lovelace"), std::string::npos);
}

TEST_F(RedactionServiceTest, DestroysTheSaltToo) {
  Log(Repeat(a_, 2));
  ASSERT_OK(Redact(Of({0})));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.event WHERE source_address_salt IS NULL "
                              "AND actor_display_salt IS NULL"),
            "1");
}

TEST_F(RedactionServiceTest, IsAnEventThatNamesSequencesAndFieldsAndNoValue) {
  Log({{a_, Named("Mallory", "usr_m")}, {a_, Event()}});
  v1::RedactEventsRequest request;
  request.set_subject_id("Mallory");
  request.set_reason("request 8");
  ASSERT_OK_AND_ASSIGN(const auto reply, Redact(request));
  EXPECT_EQ(reply.sequences_size(), 1);
  EXPECT_EQ(Waiting("audit.redact"), "1");
  EXPECT_EQ(Waiting("source_address,user_agent,actor.display"), "1");
  EXPECT_EQ(Waiting("Mallory"), "0");
}

TEST_F(RedactionServiceTest, AHeldEventIsNotRedacted) {
  Log(Repeat(a_, 3));
  ASSERT_OK(HoldActor(a_, "usr_ada"));
  EXPECT_THAT(Redact(Of({1})), ReasonIs("EVENT_HELD"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.event WHERE source_address IS NULL"),
            "0");
  EXPECT_EQ(Waiting("audit.redact"), "0");
}

TEST_F(RedactionServiceTest, AnArchivedEventsValuesAreDestroyedInItsBundle) {
  Events events = Repeat(a_, 20);
  events[4].second = Named("Mallory Unique", "usr_mallory");
  Log(events, LongAgo());
  Sign(a_);
  ASSERT_OK(RunWorker());
  ASSERT_TRUE(AnyObjectHolds("Mallory Unique"));
  const std::string name = Archives(a_)[0].name();
  ASSERT_OK_AND_ASSIGN(const std::string before, Download(a_, name, v1::ARCHIVE_PART_EVENTS));

  ASSERT_OK_AND_ASSIGN(const auto reply, Redact(Of({4})));
  EXPECT_EQ(reply.sequences_size(), 0);
  EXPECT_TRUE(reply.archives_pending());
  ASSERT_OK(RunWorker());
  EXPECT_FALSE(AnyObjectHolds("Mallory Unique"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.redaction"), "0");
  ASSERT_OK_AND_ASSIGN(const std::string after, Download(a_, name, v1::ARCHIVE_PART_EVENTS));
  EXPECT_EQ(before, after);
  const merkle::ArchiveVerdict verdict = VerifyBundle(a_, Archives(a_)[0]);
  ASSERT_TRUE(verdict.ok()) << *verdict.fault;
  EXPECT_EQ(verdict.personal_values, 38u);
  ASSERT_OK_AND_ASSIGN(const auto objects, objects_->List(a_, FileId(), 10));
  EXPECT_EQ(objects.size(), 2u);
}

TEST_F(RedactionServiceTest, ErasingATenantReachesBundles) {
  Log({{a_, Named("Mallory Unique", "usr_mallory")},
       {a_, Named("Eve Unique", "usr_eve")},
       {b_, Named("Ada Unique", "usr_ada")}},
      LongAgo());
  Sign(a_);
  Sign(b_);
  ASSERT_OK(RunWorker());
  ASSERT_TRUE(AnyObjectHolds("Eve Unique"));
  // Whoever closes it is told of, as in every trail that is to be erased.
  Log(Repeat(a_, 1));
  test_->Execute("UPDATE core.tenants SET state = 'closed', closed_at = now() WHERE tenant_id = '" +
                 a_.uuid().ToString() + "'");
  subject::v1::EraseTenantRequest request;
  request.set_confirm(a_.ToString());
  ASSERT_OK(
      As(a_, &subject::v1::SubjectService::Stub::EraseTenant, request, "service/tenant-data"));
  ASSERT_OK(RunWorker());
  EXPECT_FALSE(AnyObjectHolds("Mallory Unique"));
  EXPECT_FALSE(AnyObjectHolds("Eve Unique"));
  EXPECT_TRUE(AnyObjectHolds("Ada Unique"));
}

TEST_F(RedactionServiceTest, ErasingASubjectReachesBundles) {
  Log({{a_, Named("Mallory Unique", "usr_mallory")}, {a_, Event()}}, LongAgo());
  Sign(a_);
  ASSERT_OK(RunWorker());
  subject::v1::EraseSubjectRequest request;
  request.mutable_subject()->set_id("usr_mallory");
  ASSERT_OK(As(a_, &subject::v1::SubjectService::Stub::EraseSubject, request));
  ASSERT_OK(RunWorker());
  EXPECT_FALSE(AnyObjectHolds("Mallory Unique"));
  EXPECT_TRUE(AnyObjectHolds("Ada Lovelace"));
}

// Whatever a crash left beside the bundle is gone after the next round.
TEST_F(RedactionServiceTest, ARewritingThatBrokeOffIsDoneAgain) {
  Log({{a_, Named("Mallory Unique", "usr_mallory")}, {a_, Event()}}, LongAgo());
  Sign(a_);
  ASSERT_OK(RunWorker());
  ASSERT_OK(Redact(Of({0})));
  const FileId left = FileId::New(absl::Now());
  ASSERT_OK_AND_ASSIGN(auto writer, objects_->Write({a_, left}));
  ASSERT_OK(writer->Append("Mallory Unique"));
  ASSERT_OK(writer->Commit());
  writer.reset();
  Tamper(a_, StrCat("UPDATE audit.archive SET next_object = '", left.uuid().ToString(),
                    "' WHERE tenant_id = $"));
  ASSERT_OK(RunWorker());
  EXPECT_FALSE(AnyObjectHolds("Mallory Unique"));
  ASSERT_OK_AND_ASSIGN(const auto objects, objects_->List(a_, FileId(), 10));
  EXPECT_EQ(objects.size(), 2u);
}

// The same over a bucket.
class BucketRedactionTest : public RedactionServiceTest {
 protected:
  std::unique_ptr<objects::ObjectStore> MakeObjects() override {
    auto bucket = aws::S3Bucket::Create({.bucket = testing::AwsServer::kBucket,
                                         .prefix = "audit/",
                                         .region = testing::AwsServer::kRegion,
                                         .endpoint = aws_.endpoint(),
                                         .credentials_file = aws_.credentials_file()},
                                        Clock::Real());
    EXPECT_OK(bucket);
    return std::make_unique<objects::BucketStore>(*std::move(bucket));
  }
  testing::AwsServer aws_;
};

TEST_F(BucketRedactionTest, ABucketTakesBundlesAndTheirRewriting) {
  Events events = Repeat(a_, 20);
  events[4].second = Named("Mallory Unique", "usr_mallory");
  Log(events, LongAgo());
  Sign(a_);
  ASSERT_OK(RunWorker());
  merkle::ArchiveVerdict verdict = VerifyBundle(a_, Archives(a_)[0]);
  ASSERT_TRUE(verdict.ok()) << *verdict.fault;
  EXPECT_EQ(verdict.personal_values, 40u);
  ASSERT_OK(Redact(Of({4})));
  ASSERT_OK(RunWorker());
  verdict = VerifyBundle(a_, Archives(a_)[0]);
  ASSERT_TRUE(verdict.ok()) << *verdict.fault;
  EXPECT_EQ(verdict.personal_values, 38u);
}

TEST_F(BucketRedactionTest, ABundleWithoutPersonalValuesIsOneToo) {
  Events events = Repeat(a_, 3);
  for (auto& [tenant, event] : events) {
    event.clear_source_address();
    event.mutable_actor()->clear_display();
  }
  Log(events, LongAgo());
  Sign(a_);
  ASSERT_OK(RunWorker());
  const merkle::ArchiveVerdict verdict = VerifyBundle(a_, Archives(a_)[0]);
  ASSERT_TRUE(verdict.ok()) << *verdict.fault;
  EXPECT_EQ(verdict.personal_values, 0u);
}

TEST_F(RedactionServiceTest, ManyEventsGoAThousandAtATime) {
  Log(Repeat(a_, 1001));
  v1::RedactEventsRequest request;
  request.set_subject_id("usr_ada");
  request.set_reason("request 9");
  ASSERT_OK_AND_ASSIGN(auto reply, Redact(request));
  EXPECT_EQ(reply.sequences_size(), 1000);
  EXPECT_TRUE(reply.more());
  ASSERT_OK_AND_ASSIGN(reply, Redact(request));
  EXPECT_EQ(reply.sequences_size(), 1);
  EXPECT_FALSE(reply.more());
}

TEST_F(RedactionServiceTest, SaysWhichEventsInOneWayOnly) {
  v1::RedactEventsRequest request = Of({1});
  request.set_subject_id("usr_ada");
  EXPECT_THAT(Redact(request), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Redact(Of({})), ReasonIs("INVALID_FIELDS"));
}

TEST_F(RedactionServiceTest, AnotherTenantsEventsAreNotTouched) {
  Log(Repeat(b_, 2));
  ASSERT_OK_AND_ASSIGN(const auto reply, Redact(Of({0, 1})));
  EXPECT_EQ(reply.sequences_size(), 0);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.event WHERE source_address IS NULL"),
            "0");
}

}  // namespace
}  // namespace kasbah::audit
