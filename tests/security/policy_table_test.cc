// Every RPC × kind of caller × own, foreign and suspended tenant, generated from the descriptors:
// what the running services answer, against what the protos declare, and against the table in
// policy_table.txt, so that a change of any policy shows in review.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "kasbah/policy/v1/policy.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tests/security/methods.h"
#include "tests/security/raw_call.h"
#include "tests/security/request_maker.h"
#include "tests/system/system.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::MethodDescriptor;
using policy::v1::Access;
using system_test::System;
using system_test::TestTenant;

enum class Tenancy { kNone, kOwn, kForeign, kSuspended };

struct Caller {
  std::string name;
  // SPIFFE path pattern it is known by in policies.
  std::string peer;
  policy::v1::ActorKind actor;
  Tenancy tenancy;
  std::string certificate;
  // `authorization` and `kasbah-tenant` metadata; empty: not sent.
  std::string assertion;
  std::string tenant;
  // Roles grant; the owner has everything, the viewer what reads.
  bool is_viewer = false;
  // A program that the tenant registered.
  bool is_registered = false;
};

// The reasons with which the pipeline refuses a caller.
bool IsPolicyRefusal(const std::string& reason) {
  static const auto* reasons = new std::set<std::string>{
      "PEER_IDENTITY_MISSING",   "PEER_NOT_ALLOWED",    "ACTOR_NOT_ALLOWED", "PERMISSION_DENIED",
      "ASSERTION_INVALID",       "ASSERTION_NOT_YOURS", "ASSERTION_REVOKED", "TENANT_MISMATCH",
      "TENANT_REQUIRED",         "TENANT_NOT_ALLOWED",  "TENANT_SUSPENDED",  "ASSURANCE_REQUIRED",
      "WORKLOAD_NOT_REGISTERED", "TENANT_CLOSED"};
  return reasons->contains(reason);
}

bool Lists(const Access& access, policy::v1::ActorKind kind) {
  for (int actor : access.actors()) {
    if (actor == kind) return true;
  }
  return false;
}

bool AdmitsPeer(const Access& access, const std::string& peer) {
  for (const std::string& pattern : access.peers()) {
    if (pattern == peer) return true;
    if (absl::EndsWith(pattern, "/*") &&
        absl::StartsWith(peer, pattern.substr(0, pattern.size() - 1))) {
      return true;
    }
  }
  return false;
}

bool NeedsTenant(const Access& access) {
  return access.scope() == policy::v1::SCOPE_TENANT ||
         access.scope() == policy::v1::SCOPE_TENANT_ANY_STATE;
}

// Written from the words of policy.proto, apart from libs/rpc: may this caller reach the handler?
bool MayEnter(const Access& access, const Caller& caller) {
  if (!AdmitsPeer(access, caller.peer) || !Lists(access, caller.actor)) return false;
  const bool brings_tenant = !caller.tenant.empty() || !caller.assertion.empty();
  if (!NeedsTenant(access)) return !brings_tenant;
  const bool is_tenant_peer = absl::StartsWith(caller.peer, "tenant/");
  if (!brings_tenant && !is_tenant_peer) return false;
  if (caller.tenancy == Tenancy::kForeign) return false;
  if (access.registered_workload() && !caller.is_registered) return false;
  if (caller.tenancy == Tenancy::kSuspended && access.scope() == policy::v1::SCOPE_TENANT)
    return false;
  if (is_tenant_peer && caller.assertion.empty()) {
    return access.permission() == policy::v1::PERMISSION_UNSPECIFIED;
  }
  if (caller.actor == policy::v1::ACTOR_KIND_TENANT_WORKLOAD) {
    return access.permission() == policy::v1::PERMISSION_SECRET_READ ||
           access.permission() == policy::v1::PERMISSION_SECRET_ACCESS ||
           access.permission() == policy::v1::PERMISSION_AUDIT_WRITE;
  }
  if (caller.is_viewer) {
    const std::string& name = policy::v1::Permission_Name(access.permission());
    return absl::EndsWith(name, "_READ") &&
           access.permission() != policy::v1::PERMISSION_AUDIT_READ;
  }
  return true;
}

class PolicyTable : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    System& system = System::Get();
    own_ = new TestTenant(system.CreateTenant("policy-own"));
    other_ = new TestTenant(system.CreateTenant("policy-other"));
    suspended_ = new TestTenant(system.CreateTenant("policy-suspended"));
    viewer_key_ = system.CreateApiKey(own_->id, auth::v1::ROLE_VIEWER);
  }

  static std::string Resolve(const std::string& key, const std::string& certificate) {
    auto assertion = System::Get().Resolve(key, certificate);
    if (!assertion.ok()) Crash(assertion.status().ToString(), __FILE__, __LINE__);
    return *assertion;
  }

  // A registered program's own.
  static std::string AssertionOf(const std::string& certificate) {
    using Identity = auth::v1::WorkloadIdentityService;
    const auto issued = system_test::Invoke<Identity>(
        System::Get().Channel("auth", certificate), System::Context(),
        &Identity::Stub::IssueWorkloadAssertion, auth::v1::IssueWorkloadAssertionRequest());
    if (!issued.ok()) Crash(issued.status().ToString(), __FILE__, __LINE__);
    return issued->assertion();
  }

  // Made for each service anew: assertions live a minute.
  static std::vector<Caller> Callers() {
    System& system = System::Get();
    using policy::v1::ACTOR_KIND_API_KEY;
    using policy::v1::ACTOR_KIND_OPERATOR;
    using policy::v1::ACTOR_KIND_TENANT_WORKLOAD;
    using policy::v1::ACTOR_KIND_WORKLOAD;
    const std::string own = own_->id.ToString();
    const std::string suspended = suspended_->id.ToString();
    std::vector<Caller> callers;
    for (const char* service :
         {"auth", "vault", "tenant-data", "webhook", "audit", "gateway", "csi-provider"}) {
      const std::string peer = StrCat("service/", service);
      const std::string certificate = system.CertificateOf(service);
      callers.push_back({StrCat(service, " alone"), peer, ACTOR_KIND_WORKLOAD, Tenancy::kNone,
                         certificate, "", ""});
      callers.push_back({StrCat(service, " for a tenant"), peer, ACTOR_KIND_WORKLOAD, Tenancy::kOwn,
                         certificate, "", own});
      callers.push_back({StrCat(service, " for a suspended tenant"), peer, ACTOR_KIND_WORKLOAD,
                         Tenancy::kSuspended, certificate, "", suspended});
    }
    const std::string operator_certificate = system.CertificateOf(dev::kOperator);
    callers.push_back({"operator alone", "operator/admin", ACTOR_KIND_OPERATOR, Tenancy::kNone,
                       operator_certificate, "", ""});
    callers.push_back({"operator for a tenant", "operator/admin", ACTOR_KIND_OPERATOR,
                       Tenancy::kOwn, operator_certificate, "", own});
    callers.push_back({"operator for a suspended tenant", "operator/admin", ACTOR_KIND_OPERATOR,
                       Tenancy::kSuspended, operator_certificate, "", suspended});
    const std::string tenant_peer = StrCat("tenant/", own, "/workload/app");
    const std::string app = own_->certificate_directory;
    callers.push_back(
        {"tenant workload", tenant_peer, ACTOR_KIND_WORKLOAD, Tenancy::kOwn, app, "", ""});
    callers.push_back({"tenant workload, foreign tenant", tenant_peer, ACTOR_KIND_WORKLOAD,
                       Tenancy::kForeign, app, "", other_->id.ToString()});
    callers.push_back({"owner's key", tenant_peer, ACTOR_KIND_API_KEY, Tenancy::kOwn, app,
                       Resolve(own_->owner_key, app), "", false, true});
    callers.push_back({"owner's key, foreign tenant", tenant_peer, ACTOR_KIND_API_KEY,
                       Tenancy::kForeign, app, Resolve(own_->owner_key, app), other_->id.ToString(),
                       false, true});
    callers.push_back({"viewer's key", tenant_peer, ACTOR_KIND_API_KEY, Tenancy::kOwn, app,
                       Resolve(viewer_key_, app), "", true, true});
    callers.push_back({"registered workload", tenant_peer, ACTOR_KIND_TENANT_WORKLOAD,
                       Tenancy::kOwn, app, AssertionOf(app), "", false, true});
    callers.push_back({"registered workload, foreign tenant", tenant_peer,
                       ACTOR_KIND_TENANT_WORKLOAD, Tenancy::kForeign, app, AssertionOf(app),
                       other_->id.ToString(), false, true});
    const std::string stranger = system.CertificateOf(own_->id, "stranger");
    callers.push_back({"owner's key, unregistered workload",
                       StrCat("tenant/", own, "/workload/stranger"), ACTOR_KIND_API_KEY,
                       Tenancy::kOwn, stranger, Resolve(own_->owner_key, stranger), ""});
    // Obtained just before the suspension.
    system.ResumeTenant(suspended_->id);
    const std::string before = Resolve(suspended_->owner_key, suspended_->certificate_directory);
    system.SuspendTenant(suspended_->id);
    callers.push_back({"suspended tenant's key", StrCat("tenant/", suspended, "/workload/app"),
                       ACTOR_KIND_API_KEY, Tenancy::kSuspended, suspended_->certificate_directory,
                       before, "", false, true});
    return callers;
  }

  static absl::Status CallAs(const Caller& caller, const std::string& server,
                             const MethodDescriptor* method) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    if (!caller.assertion.empty()) {
      context->AddMetadata("authorization", StrCat("Bearer ", caller.assertion));
    }
    if (!caller.tenant.empty()) context->AddMetadata("kasbah-tenant", caller.tenant);
    const auto request = MakeRequest(method->input_type());
    return RawCall(System::Get().Channel(server, caller.certificate), context.get(),
                   StrCat("/", method->service()->full_name(), "/", method->name()), *request);
  }

  static TestTenant* own_;
  static TestTenant* other_;
  static TestTenant* suspended_;
  static std::string viewer_key_;
};

TestTenant* PolicyTable::own_ = nullptr;
TestTenant* PolicyTable::other_ = nullptr;
TestTenant* PolicyTable::suspended_ = nullptr;
std::string PolicyTable::viewer_key_;

TEST_F(PolicyTable, EveryMethodAnswersEveryCallerAsItsProtoSays) {
  std::string table;
  std::string service;
  std::vector<Caller> callers;
  for (const MethodDescriptor* method : AllMethods()) {
    if (method->service()->full_name() != service) {
      service = method->service()->full_name();
      callers = Callers();
    }
    const Access& access = method->options().GetExtension(policy::v1::access);
    const std::string& server = ServerOf(method);
    for (const Caller& caller : callers) {
      // The proof is that it cannot be resumed by those who may not: an operator may.
      if (method->name() == "ResumeTenant" && caller.name == "operator for a suspended tenant")
        continue;
      // Closing is for good, and these tenants have other methods to answer.
      if (method->name() == "CloseTenant" && MayEnter(access, caller)) continue;
      const absl::Status answer = CallAs(caller, server, method);
      const std::string reason = ReasonOf(answer);
      // The suspension revokes what was obtained before it, some moment within 5 seconds: until
      // then the state of the tenant decides.
      const bool is_revoked = caller.tenancy == Tenancy::kSuspended && !caller.assertion.empty() &&
                              reason == "TENANT_SUSPENDED" && MayEnter(access, caller);
      const bool entered = is_revoked || !IsPolicyRefusal(reason);
      EXPECT_EQ(entered, MayEnter(access, caller))
          << method->full_name() << " as " << caller.name << " answered " << answer;
      EXPECT_FALSE(absl::IsInternal(answer) || absl::IsUnimplemented(answer) ||
                   absl::IsUnavailable(answer))
          << method->full_name() << " as " << caller.name << " answered " << answer;
      absl::StrAppend(&table, method->full_name(), " | ", caller.name, " | ",
                      entered ? "enters" : reason, "\n");
    }
  }
  const std::string path = StrCat(KASBAH_SOURCE_DIR, "/tests/security/policy_table.txt");
  if (std::getenv("KASBAH_UPDATE_POLICY_TABLE") != nullptr) {
    std::ofstream(path) << table;
    return;
  }
  std::ifstream in(path);
  std::stringstream kept;
  kept << in.rdbuf();
  EXPECT_EQ(kept.str(), table) << "the policies changed: if that is meant, run this test with "
                                  "KASBAH_UPDATE_POLICY_TABLE=1 and review the difference";
}

}  // namespace
}  // namespace kasbah::security_test
