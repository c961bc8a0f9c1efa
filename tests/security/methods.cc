#include "tests/security/methods.h"

#include <map>

#include "kasbah/audit/v1/audit.pb.h"
#include "kasbah/audit/v1/holds.pb.h"
#include "kasbah/audit/v1/incidents.pb.h"
#include "kasbah/audit/v1/proofs.pb.h"
#include "kasbah/audit/v1/redaction.pb.h"
#include "kasbah/audit/v1/retention.pb.h"
#include "kasbah/audit/v1/sinks.pb.h"
#include "kasbah/auth/v1/auth.pb.h"
#include "kasbah/auth/v1/workloads.pb.h"
#include "kasbah/ciphertexts/v1/ciphertexts.pb.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "kasbah/status/v1/status.pb.h"
#include "kasbah/subject/v1/subject.pb.h"
#include "kasbah/tenantdata/v1/collections.pb.h"
#include "kasbah/tenantdata/v1/domains.pb.h"
#include "kasbah/tenantdata/v1/files.pb.h"
#include "kasbah/tenantdata/v1/placement.pb.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "kasbah/tenantdata/v1/rights.pb.h"
#include "kasbah/tenantdata/v1/tenants.pb.h"
#include "kasbah/tenantdata/v1/usage.pb.h"
#include "kasbah/usage/v1/meters.pb.h"
#include "kasbah/vault/v1/crypto.pb.h"
#include "kasbah/vault/v1/keys.pb.h"
#include "kasbah/vault/v1/leases.pb.h"
#include "kasbah/vault/v1/rewraps.pb.h"
#include "kasbah/vault/v1/secrets.pb.h"
#include "kasbah/vault/v1/tenant_keys.pb.h"
#include "kasbah/webhook/v1/webhook.pb.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::MethodDescriptor;

// Whose process serves a proto package.
const std::map<std::string, std::string>& Servers() {
  static const auto* servers =
      new std::map<std::string, std::string>{{"kasbah.auth.v1", "auth"},
                                             {"kasbah.vault.v1", "vault"},
                                             {"kasbah.tenantdata.v1", "tenant-data"},
                                             {"kasbah.webhook.v1", "webhook"},
                                             {"kasbah.audit.v1", "audit"},
                                             {"kasbah.status.v1", "vault"},
                                             {"kasbah.subject.v1", "webhook"},
                                             {"kasbah.ciphertexts.v1", "webhook"},
                                             {"kasbah.usage.v1", "webhook"},
                                             {"kasbah.outbox.v1", "audit"}};
  return *servers;
}

// Naming a message of each is what links its generated code in.
std::vector<const google::protobuf::FileDescriptor*> ProtoFiles() {
  return {auth::v1::ApiKey::descriptor()->file(),
          auth::v1::Workload::descriptor()->file(),
          vault::v1::Secret::descriptor()->file(),
          vault::v1::EncryptRequest::descriptor()->file(),
          vault::v1::Key::descriptor()->file(),
          vault::v1::Rewrap::descriptor()->file(),
          vault::v1::TenantSeal::descriptor()->file(),
          vault::v1::Lease::descriptor()->file(),
          ciphertexts::v1::CountCiphertextsRequest::descriptor()->file(),
          tenantdata::v1::Tenant::descriptor()->file(),
          tenantdata::v1::Domain::descriptor()->file(),
          tenantdata::v1::Collection::descriptor()->file(),
          tenantdata::v1::Record::descriptor()->file(),
          tenantdata::v1::File::descriptor()->file(),
          tenantdata::v1::RightsOperation::descriptor()->file(),
          tenantdata::v1::Move::descriptor()->file(),
          tenantdata::v1::Quota::descriptor()->file(),
          usage::v1::CountUsageRequest::descriptor()->file(),
          webhook::v1::Endpoint::descriptor()->file(),
          audit::v1::Event::descriptor()->file(),
          audit::v1::Damage::descriptor()->file(),
          audit::v1::Sink::descriptor()->file(),
          audit::v1::Retention::descriptor()->file(),
          audit::v1::Hold::descriptor()->file(),
          audit::v1::RedactEventsRequest::descriptor()->file(),
          audit::v1::Incident::descriptor()->file(),
          status::v1::PingRequest::descriptor()->file(),
          subject::v1::Subject::descriptor()->file(),
          outbox::v1::Entry::descriptor()->file()};
}

}  // namespace

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* file : ProtoFiles()) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

const std::string& ServerOf(const MethodDescriptor* method) {
  return Servers().at(method->file()->package());
}

}  // namespace kasbah::security_test
