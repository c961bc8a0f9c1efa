#include "libs/rpc/policy_table.h"

#include <gtest/gtest.h>

#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "kasbah/auth/v1/auth.pb.h"
#include "kasbah/status/v1/status.pb.h"
#include "libs/base/error.h"
#include "libs/rpc/field_rules.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::rpc {
namespace {

using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::MethodDescriptorProto;

policy::v1::Access Complete() {
  policy::v1::Access access;
  access.add_peers("service/*");
  access.add_actors(policy::v1::ACTOR_KIND_WORKLOAD);
  access.set_scope(policy::v1::SCOPE_TENANT);
  access.set_audit(policy::v1::AUDIT_CLASS_READ);
  access.set_rate(policy::v1::RATE_TIER_READ);
  return access;
}

// One service "test.S" with one method "M" on test.Request, which each test then breaks.
class PolicyTableTest : public ::testing::Test {
 protected:
  PolicyTableTest() {
    file_.set_name("test.proto");
    file_.set_package("test");
    file_.set_syntax("proto3");
    file_.add_message_type()->set_name("Request");
    file_.add_service()->set_name("S");
    AddMethod("M");
    *Access(0) = Complete();
  }

  void AddMethod(const std::string& name) {
    MethodDescriptorProto* method = file_.mutable_service(0)->add_method();
    method->set_name(name);
    method->set_input_type(".test.Request");
    method->set_output_type(".test.Request");
  }
  policy::v1::Access* Access(int method) {
    return file_.mutable_service(0)->mutable_method(method)->mutable_options()->MutableExtension(
        policy::v1::access);
  }
  FieldDescriptorProto* AddField(const std::string& name, FieldDescriptorProto::Type type) {
    google::protobuf::DescriptorProto* message = file_.mutable_message_type(0);
    FieldDescriptorProto* field = message->add_field();
    field->set_name(name);
    field->set_number(message->field_size());
    field->set_type(type);
    field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    return field;
  }
  policy::v1::FieldRules* Rules(FieldDescriptorProto* field) {
    return field->mutable_options()->MutableExtension(policy::v1::field);
  }
  const google::protobuf::FileDescriptor* Build() {
    const google::protobuf::FileDescriptor* built = pool_.BuildFile(file_);
    EXPECT_NE(built, nullptr);
    return built;
  }
  absl::StatusOr<PolicyTable> Create() { return PolicyTable::Create({Build()->service(0)}); }

  FileDescriptorProto file_;
  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
};

TEST_F(PolicyTableTest, ACompletePolicyIsFoundByItsRequest) {
  const auto* built = Build();
  ASSERT_OK_AND_ASSIGN(const PolicyTable table, PolicyTable::Create({built->service(0)}));
  const MethodPolicy* policy = table.Find(built->message_type(0));
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->name, "test.S/M");
  EXPECT_EQ(policy->access.peers(0), "service/*");
  EXPECT_EQ(table.Find(status::v1::PingRequest::descriptor()), nullptr);
}

TEST_F(PolicyTableTest, AMethodWithoutAccessIsRefusedByName) {
  file_.mutable_service(0)->mutable_method(0)->clear_options();
  const auto table = Create();
  EXPECT_THAT(table, testing::ReasonIs("POLICY_MISSING"));
  EXPECT_NE(std::string(table.status().message()).find("test.S/M"), std::string::npos);
}

TEST_F(PolicyTableTest, EveryPartThatIsMissingIsNamed) {
  Access(0)->Clear();
  const std::string message(Create().status().message());
  for (const char* part : {"peers", "actors", "scope", "audit class", "rate tier"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part;
  }
}

TEST_F(PolicyTableTest, ATenantsActorWithoutAPermissionIsRefused) {
  Access(0)->add_actors(policy::v1::ACTOR_KIND_API_KEY);
  EXPECT_FALSE(Create().ok());
}

TEST_F(PolicyTableTest, RegisteredWorkloadsAreOfOneTenantAndComeThemselves) {
  Access(0)->set_registered_workload(true);
  Access(0)->set_scope(policy::v1::SCOPE_TENANT);
  EXPECT_OK(Create());
}

TEST_F(PolicyTableTest, RegisteredWorkloadsOfNoTenantAreRefused) {
  Access(0)->set_registered_workload(true);
  Access(0)->set_scope(policy::v1::SCOPE_SYSTEM);
  EXPECT_FALSE(Create().ok());
}

TEST_F(PolicyTableTest, RegisteredWorkloadsThatAreForwardedAreRefused) {
  Access(0)->set_registered_workload(true);
  Access(0)->set_scope(policy::v1::SCOPE_TENANT);
  Access(0)->add_forwarders("service/gateway");
  EXPECT_FALSE(Create().ok());
}

TEST_F(PolicyTableTest, APeerPatternThatMatchesEverybodyIsRefused) {
  Access(0)->add_peers("*");
  EXPECT_FALSE(Create().ok());
}

TEST_F(PolicyTableTest, TwoMethodsWithOneRequestTypeAreRefused) {
  AddMethod("N");
  *Access(1) = Complete();
  EXPECT_FALSE(Create().ok());
}

TEST_F(PolicyTableTest, ARuleThatDoesNotFitItsFieldIsRefused) {
  Rules(AddField("count", FieldDescriptorProto::TYPE_INT32))->set_id("rec");
  EXPECT_FALSE(Create().ok());
}

TEST_F(PolicyTableTest, APatternThatIsNoExpressionIsRefused) {
  Rules(AddField("name", FieldDescriptorProto::TYPE_STRING))->set_pattern("[a-z");
  EXPECT_FALSE(Create().ok());
}

TEST_F(PolicyTableTest, TheProtosWeServeAreComplete) {
  const auto* auth = auth::v1::GetJwksRequest::descriptor()->file();
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (int i = 0; i < auth->service_count(); ++i) services.push_back(auth->service(i));
  services.push_back(status::v1::PingRequest::descriptor()->file()->service(0));
  EXPECT_OK(PolicyTable::Create(services));
}

// Checks test.Request, which each test gives fields.
class FieldRulesTest : public PolicyTableTest {
 protected:
  google::protobuf::Message* New() {
    const auto* type = Build()->message_type(0);
    EXPECT_OK(rules_.Add(type));
    message_.reset(factory_.GetPrototype(type)->New());
    return message_.get();
  }
  void Set(const std::string& name, const std::string& value) {
    message_->GetReflection()->SetString(message_.get(),
                                         message_->GetDescriptor()->FindFieldByName(name), value);
  }
  void Set(const std::string& name, int64_t value) {
    message_->GetReflection()->SetInt64(message_.get(),
                                        message_->GetDescriptor()->FindFieldByName(name), value);
  }
  // "field:RULE" of each violation.
  std::vector<std::string> Check() {
    std::vector<std::string> faults;
    for (const Violation& violation : DetailsOf(rules_.Check(*message_)).violations) {
      faults.push_back(violation.field + ":" + violation.rule);
    }
    return faults;
  }

  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<google::protobuf::Message> message_;
  FieldRules rules_;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(FieldRulesTest, EveryViolationIsToldAtOnce) {
  Rules(AddField("name", FieldDescriptorProto::TYPE_STRING))->set_required(true);
  Rules(AddField("id", FieldDescriptorProto::TYPE_STRING))->set_id("rec");
  Rules(AddField("key", FieldDescriptorProto::TYPE_STRING))->set_pattern("[a-z]+");
  Rules(AddField("seconds", FieldDescriptorProto::TYPE_INT64))->set_max_value(60);
  New();
  Set("id", "sec_01h45ytscbebyvny4gc8cr8ma2");
  Set("key", "Key");
  Set("seconds", 61);
  EXPECT_THAT(Check(), ElementsAre("name:REQUIRED", "id:ID", "key:PATTERN", "seconds:MAX_VALUE"));
  Set("seconds", -1);
  EXPECT_THAT(Check(), ::testing::Contains("seconds:MAX_VALUE"));
  Set("name", "n");
  Set("id", "rec_01h45ytscbebyvny4gc8cr8ma2");
  Set("key", "key");
  Set("seconds", 60);
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(FieldRulesTest, WithoutARuleTextEndsAt1024Bytes) {
  AddField("text", FieldDescriptorProto::TYPE_STRING);
  AddField("data", FieldDescriptorProto::TYPE_BYTES);
  New();
  Set("text", std::string(1024, 'x'));
  Set("data", std::string(1024, 'x'));
  EXPECT_THAT(Check(), IsEmpty());
  Set("text", std::string(1025, 'x'));
  Set("data", std::string(1025, 'x'));
  EXPECT_THAT(Check(), ElementsAre("text:MAX_SIZE", "data:MAX_SIZE"));
}

TEST_F(FieldRulesTest, TextHoldsNoZeroCharacterAndBytesMay) {
  AddField("text", FieldDescriptorProto::TYPE_STRING);
  AddField("data", FieldDescriptorProto::TYPE_BYTES);
  New();
  Set("text", std::string("a\0b", 3));
  Set("data", std::string("a\0b", 3));
  EXPECT_THAT(Check(), ElementsAre("text:TEXT"));
}

TEST_F(FieldRulesTest, NestedAndRepeatedFieldsAreNamedByTheirPath) {
  // A request that holds itself: parts[0].parts[1].name.
  Rules(AddField("name", FieldDescriptorProto::TYPE_STRING))->set_max_size(3);
  FieldDescriptorProto* parts = AddField("parts", FieldDescriptorProto::TYPE_MESSAGE);
  parts->set_type_name(".test.Request");
  parts->set_label(FieldDescriptorProto::LABEL_REPEATED);
  Rules(parts)->set_max_size(2);
  google::protobuf::Message* message = New();
  const auto* name = message->GetDescriptor()->FindFieldByName("name");
  const auto* field = message->GetDescriptor()->FindFieldByName("parts");
  const auto* reflection = message->GetReflection();
  google::protobuf::Message* part = reflection->AddMessage(message, field);
  reflection->AddMessage(part, field);
  reflection->SetString(reflection->AddMessage(part, field), name, "long");
  EXPECT_THAT(Check(), ElementsAre("parts[0].parts[1].name:MAX_SIZE"));
  reflection->AddMessage(part, field);
  EXPECT_THAT(Check(), ElementsAre("parts[0].parts:MAX_SIZE"));
}

TEST_F(FieldRulesTest, ValuesAreNeverRepeated) {
  Rules(AddField("name", FieldDescriptorProto::TYPE_STRING))->set_pattern("[a-z]+");
  New();
  Set("name", "CANARY");
  for (const Violation& violation : DetailsOf(rules_.Check(*message_)).violations) {
    EXPECT_EQ(violation.description.find("CANARY"), std::string::npos);
  }
}

TEST_F(FieldRulesTest, AnUnknownEnumValueIsRefused) {
  auth::v1::CreateApiKeyRequest request;
  ASSERT_OK(rules_.Add(request.GetDescriptor()));
  request.set_display_name("ci");
  request.set_role(static_cast<auth::v1::Role>(77));
  const ErrorDetails details = DetailsOf(rules_.Check(request));
  ASSERT_EQ(details.violations.size(), 1u);
  EXPECT_EQ(details.violations[0].field, "role");
}

}  // namespace
}  // namespace kasbah::rpc
