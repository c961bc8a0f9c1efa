// Nothing is done without a trace: every RPC that writes, shows a secret, uses a key, signs
// somebody in or reads the trail is called once, in a story of its own, and has left exactly its
// event; every such RPC that refuses somebody has left that. The methods come from the descriptors,
// so one that is new fails here until its step is told.

#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "kasbah/policy/v1/policy.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/status_mapping.h"
#include "tests/security/coverage_steps.h"
#include "tests/security/methods.h"
#include "tests/security/raw_call.h"
#include "tests/security/request_maker.h"
#include "tests/system/system.h"
#include <nlohmann/json.hpp>

namespace kasbah::security_test {
namespace {

using google::protobuf::MethodDescriptor;
using policy::v1::Access;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;

std::string NameOf(const MethodDescriptor* method) {
  return StrCat(method->service()->name(), ".", method->name());
}
const Access& AccessOf(const MethodDescriptor* method) {
  return method->options().GetExtension(policy::v1::access);
}
// Whether it leaves an event, by the words of policy.proto.
bool LeavesEvents(const MethodDescriptor* method) {
  return AccessOf(method).audit() != policy::v1::AUDIT_CLASS_READ;
}

bool IsOfATenant(const Access& access) {
  return access.scope() == policy::v1::SCOPE_TENANT ||
         access.scope() == policy::v1::SCOPE_TENANT_ANY_STATE;
}
// The certificate of somebody whom the method is not for.
std::string StrangerTo(const Access& access) {
  const auto is_for = [&](std::string_view kind, std::string_view name) {
    return std::ranges::any_of(access.peers(), [&](const std::string& peer) {
      return peer == StrCat(kind, "/", name) || peer == StrCat(kind, "/*");
    });
  };
  for (const char* service : {"csi-provider", "webhook"}) {
    if (!is_for("service", service)) return System::Get().CertificateOf(service);
  }
  return System::Get().CertificateOf(dev::kOperator);
}

class Coverage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    tenant_ = new TestTenant(System::Get().CreateTenant("covered"));
    for (const MethodDescriptor* method : AllMethods()) (*methods_)[NameOf(method)] = method;
  }

  static std::string AssertionOf(By by) {
    const std::string& certificate = tenant_->certificate_directory;
    if (by == By::kKey) {
      const auto resolved = System::Get().Resolve(tenant_->owner_key, certificate);
      KASBAH_CHECK(resolved.ok());
      return *resolved;
    }
    using Identity = auth::v1::WorkloadIdentityService;
    const auto issued = system_test::Invoke<Identity>(
        System::Get().Channel("auth", certificate), System::Context(),
        &Identity::Stub::IssueWorkloadAssertion, auth::v1::IssueWorkloadAssertionRequest());
    KASBAH_CHECK(issued.ok());
    return issued->assertion();
  }

  // Makes the call under a request id; the replies as JSON.
  absl::StatusOr<std::vector<nlohmann::json>> Do(const Step& step, const std::string& request_id) {
    const MethodDescriptor* method = methods_->at(step.method);
    System& system = System::Get();
    auto context = System::Context();
    context->AddMetadata("x-request-id", request_id);
    std::string certificate = system.CertificateOf(dev::kOperator);
    const bool takes_assertions = step.method != "WorkloadIdentityService.IssueWorkloadAssertion" &&
                                  step.method != "CredentialService.ResolveCredential";
    if (step.by == By::kKey || step.by == By::kProgram) {
      certificate = tenant_->certificate_directory;
      if (takes_assertions) {
        context->AddMetadata("authorization", StrCat("Bearer ", AssertionOf(step.by)));
      }
    } else if (step.by != By::kInstallation) {
      if (step.by == By::kTenantData) certificate = system.CertificateOf("tenant-data");
      context->AddMetadata("kasbah-tenant", absl::StrReplaceAll(step.tenant, kept_));
    }
    std::vector<std::string> requests;
    for (const std::string& text : step.requests) {
      const auto request = NewMessage(method->input_type());
      const auto read = google::protobuf::util::JsonStringToMessage(
          absl::StrReplaceAll(text, kept_), request.get());
      if (!read.ok()) return absl::InvalidArgumentError(StrCat("the step's JSON: ", text));
      requests.push_back(request->SerializeAsString());
    }
    // What goes both ways ends by itself, and would be broken off before.
    const bool is_endless = method->server_streaming() && !method->client_streaming();
    const size_t most = is_endless ? 1 : 100;
    const Exchange exchange = RawExchange(system.Channel(ServerOf(method), certificate),
                                          context.get(), PathOf(method), requests, most);
    if (!exchange.is_cut && !exchange.status.ok()) return rpc::FromGrpcStatus(exchange.status);
    std::vector<nlohmann::json> shown;
    for (const std::string& bytes : exchange.replies) {
      const auto reply = NewMessage(method->output_type());
      KASBAH_CHECK(reply->ParseFromString(bytes));
      google::protobuf::util::JsonPrintOptions options;
      options.preserve_proto_field_names = true;
      std::string text;
      KASBAH_CHECK(google::protobuf::util::MessageToJsonString(*reply, &text, options).ok());
      shown.push_back(nlohmann::json::parse(text));
    }
    return shown;
  }

  void Keep(const Step& step, const nlohmann::json& reply) {
    for (const auto& [name, path] : step.keep) {
      const nlohmann::json* at = &reply;
      for (const absl::string_view member : absl::StrSplit(path, '.')) {
        const auto found = at->find(std::string(member));
        ASSERT_NE(found, at->end()) << step.method << " has no " << path;
        at = &*found;
      }
      kept_[StrCat("${", name, "}")] = at->get<std::string>();
    }
  }

  static std::unique_ptr<google::protobuf::Message> NewMessage(
      const google::protobuf::Descriptor* type) {
    return std::unique_ptr<google::protobuf::Message>(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  }

  // Events by the request they were left by; not those that count uses, which are of many.
  // The actions of each request's events; those that tell of many uses at once are of none.
  static std::map<std::string, std::vector<std::string>> EventsByRequest() {
    const std::string rows = System::Get().QueryValue(
        "SELECT string_agg(body->>'request_id' || ' ' || action, E'\\n') FROM "
        "(SELECT action, convert_from(body, 'UTF8')::json AS body FROM audit.event) e "
        "WHERE body->>'count' IS NULL AND body->>'request_id' LIKE 'covered-%'");
    std::map<std::string, std::vector<std::string>> events;
    for (const absl::string_view row : absl::StrSplit(rows, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> parts = absl::StrSplit(row, ' ');
      events[parts[0]].push_back(parts[1]);
    }
    return events;
  }
  static std::set<std::string> Actions(TenantId tenant, const std::string& condition) {
    const std::string rows = System::Get().QueryValue(
        StrCat("SELECT string_agg(DISTINCT action, E'\\n') FROM audit.event WHERE tenant_id = '",
               tenant.uuid().ToString(), "' AND ", condition));
    return absl::StrSplit(rows, '\n', absl::SkipEmpty());
  }

  // Calls a method that is not for whose certificate it is; its name goes to `refused`.
  static void Refused(const MethodDescriptor* method, const std::string& certificate,
                      std::set<std::string>* refused) {
    auto context =
        IsOfATenant(AccessOf(method)) ? System::ContextFor(tenant_->id) : System::Context();
    const absl::Status answer =
        RawCall(System::Get().Channel(ServerOf(method), certificate), context.get(), PathOf(method),
                *MakeRequest(method->input_type()));
    EXPECT_TRUE(absl::IsPermissionDenied(answer) || absl::IsUnauthenticated(answer))
        << NameOf(method) << " answered " << answer;
    refused->insert(StrCat(method->service()->full_name(), "/", method->name()));
  }
  // Those of which the tenant's trail has no refusal.
  static std::set<std::string> Untold(TenantId tenant, const std::set<std::string>& refused) {
    EXPECT_FALSE(refused.empty());
    std::set<std::string> untold;
    WaitUntil(absl::Seconds(30), [&] {
      const std::set<std::string> told = Actions(tenant, "outcome = 2");
      untold.clear();
      std::ranges::set_difference(refused, told, std::inserter(untold, untold.end()));
      return untold.empty();
    });
    return untold;
  }

  static TestTenant* tenant_;
  static std::map<std::string, const MethodDescriptor*>* methods_;
  std::map<std::string, std::string> kept_;
};
TestTenant* Coverage::tenant_ = nullptr;
std::map<std::string, const MethodDescriptor*>* Coverage::methods_ =
    new std::map<std::string, const MethodDescriptor*>();

TEST_F(Coverage, EveryMethodThatLeavesEventsHasItsStep) {
  std::set<std::string> told;
  for (const Step& step : CoverageSteps()) told.insert(step.method);
  for (const auto& [name, method] : *methods_) {
    const bool elsewhere = CoveredElsewhere().contains(name);
    EXPECT_EQ(told.contains(name) || elsewhere, LeavesEvents(method)) << name;
    EXPECT_FALSE(told.contains(name) && elsewhere) << name;
  }
  for (const std::string& name : told) EXPECT_TRUE(methods_->contains(name)) << name;
}

// What a service or an operator was refused that the method is not for: in the system's trail,
// since nobody is believed about a tenant whom it does not serve.
TEST_F(Coverage, EveryStrangersRefusalLeavesAnEvent) {
  std::set<std::string> refused;
  for (const auto& [name, method] : *methods_) {
    if (LeavesEvents(method)) Refused(method, StrangerTo(AccessOf(method)), &refused);
  }
  EXPECT_THAT(Untold(kSystemTenant, refused), ::testing::IsEmpty());
}

// What a program of the tenant was refused that the tenant never registered: in the tenant's.
TEST_F(Coverage, EveryRefusalOfATenantsProgramLeavesAnEvent) {
  const std::string program = System::Get().CertificateOf(tenant_->id, "stranger");
  std::set<std::string> refused;
  for (const auto& [name, method] : *methods_) {
    if (LeavesEvents(method) && IsOfATenant(AccessOf(method))) Refused(method, program, &refused);
  }
  EXPECT_THAT(Untold(tenant_->id, refused), ::testing::IsEmpty());
}

TEST_F(Coverage, EveryMethodLeavesExactlyItsEvent) {
  kept_["${tenant}"] = tenant_->id.ToString();
  std::map<std::string, const Step*> made;
  for (const Step& step : CoverageSteps()) {
    const std::string request_id = StrCat("covered-", made.size());
    auto replies = Do(step, request_id);
    // What is made in the background takes a moment; a refusal that is no denial leaves nothing.
    WaitUntil(absl::Seconds(60), [&] {
      const bool waits = ReasonOf(replies.status()) == "EXPORT_NOT_READY";
      if (waits) replies = Do(step, request_id);
      return !waits;
    });
    ASSERT_TRUE(replies.ok()) << step.method << " answered " << replies.status();
    if (!step.keep.empty()) {
      ASSERT_FALSE(replies->empty()) << step.method;
      Keep(step, replies->front());
    }
    made[request_id] = &step;
  }
  // A refusal and a failure write nothing; these did not fail. Relays take a moment.
  std::string wrong;
  const auto compare = [&] {
    std::map<std::string, std::vector<std::string>> events = EventsByRequest();
    wrong.clear();
    for (const auto& [request, step] : made) {
      if (!step->counted.empty()) continue;
      const std::vector<std::string>& actions = events[request];
      if (static_cast<int>(actions.size()) == step->events) continue;
      StrAppend(&wrong, step->method, ": ", FromAbsl(absl::StrJoin(actions, ", ")), "; ");
    }
    return wrong.empty();
  };
  WaitUntil(absl::Seconds(30), compare);
  EXPECT_EQ(wrong, "");
  // Uses of keys and credentials are told each minute.
  std::string untold;
  WaitUntil(absl::Seconds(90), [&] {
    const std::set<std::string> actions = Actions(tenant_->id, "outcome = 1");
    untold.clear();
    for (const auto& [request, step] : made) {
      if (step->counted.empty() || actions.contains(step->counted)) continue;
      StrAppend(&untold, step->method, " as ", step->counted, "; ");
    }
    return untold.empty();
  });
  EXPECT_EQ(untold, "");
  // Nothing came late, and nothing twice.
  compare();
  EXPECT_EQ(wrong, "");
}

}  // namespace
}  // namespace kasbah::security_test
