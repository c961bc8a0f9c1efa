#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "libs/base/call_context.h"
#include "libs/dev/supervisor.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/status_mapping.h"

namespace kasbah::system_test {

// A tenant with a registered workload, its certificate and a key of the owner role.
struct TestTenant {
  TenantId id;
  std::string certificate_directory;
  std::string owner_key;
};

// The whole of Kasbah, started once for a test binary in a temporary directory: the real processes,
// the real PostgreSQL, supervised by the code behind `kasbah dev up`. Crashes with the reason when
// it cannot start.
class System {
 public:
  static System& Get();
  // More databases for tenants' records, by name; before the first Get.
  static void AskForShards(std::vector<std::string> names);
  // Rates that no test reaches, since what one actor may ask for in a second is not what it is
  // about; before the first Get.
  static void AskForNoRateLimits();
  // Stops and removes it; main calls this after the tests.
  static void TearDown();

  dev::Supervisor& supervisor() { return *supervisor_; }
  const dev::Installation& installation() const { return supervisor_->installation(); }
  const std::string& directory() const { return directory_; }

  // The certificate of a service or of dev::kOperator; "gateway" and "csi-provider" are issued
  // here.
  std::string CertificateOf(const std::string& name);
  // Of a program of a tenant, registered or not.
  std::string CertificateOf(TenantId tenant, const std::string& workload);
  // A certificate with exactly these URIs.
  std::string CertificateWith(const std::vector<std::string>& uris);

  // A channel to `service` as the identity in a certificate directory; kept.
  std::shared_ptr<grpc::Channel> Channel(const std::string& service,
                                         const std::string& certificate_directory);
  std::shared_ptr<grpc::Channel> OperatorChannel(const std::string& service) {
    return Channel(service, CertificateOf(dev::kOperator));
  }

  TestTenant CreateTenant(const std::string& slug);
  void SuspendTenant(TenantId tenant);
  void ResumeTenant(TenantId tenant);
  std::string CreateApiKey(TenantId tenant, auth::v1::Role role, const std::string& customer = "");
  // Registers a program of the tenant, whose certificate is CertificateOf(tenant, name).
  auth::v1::Workload RegisterWorkload(
      TenantId tenant, const std::string& name,
      const std::vector<auth::v1::KubernetesServiceAccount>& accounts = {});
  void DeleteWorkload(TenantId tenant, const std::string& name);
  // The assertion that a workload gets for a key, presented by the identity of `certificate`.
  absl::StatusOr<std::string> Resolve(const std::string& key, const std::string& certificate);

  // A context with a deadline of 10 s.
  static std::unique_ptr<grpc::ClientContext> Context();
  // With an assertion of the tenant's owner key, fresh enough to last a test.
  std::unique_ptr<grpc::ClientContext> OwnerContext(const TestTenant& tenant);
  static std::unique_ptr<grpc::ClientContext> ContextFor(TenantId tenant);

  // Everything that every process has logged so far.
  std::string Logs() const;
  // First column of the first row, as superuser.
  std::string QueryValue(const std::string& sql, const std::string& database = "kasbah");

 private:
  System();

  std::string directory_;
  std::unique_ptr<dev::Supervisor> supervisor_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<grpc::Channel>> channels_;
  std::map<std::string, std::pair<std::string, absl::Time>> assertions_;
  int certificates_ = 0;
};

// A call on a channel, in words of ours.
template <typename Service, typename Request, typename Reply>
absl::StatusOr<Reply> Invoke(const std::shared_ptr<grpc::Channel>& channel,
                             const std::unique_ptr<grpc::ClientContext>& context,
                             grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Reply*),
                             const Request& request) {
  const auto stub = Service::NewStub(channel);
  Reply reply;
  const absl::Status status =
      rpc::FromGrpcStatus((stub.get()->*method)(context.get(), request, &reply));
  if (!status.ok()) return status;
  return reply;
}

// With the owner's key of a tenant.
template <typename Service, typename Request, typename Reply>
absl::StatusOr<Reply> AsOwner(const TestTenant& tenant, const std::string& service,
                              grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Reply*),
                              const Request& request) {
  return Invoke<Service>(System::Get().Channel(service, tenant.certificate_directory),
                         System::Get().OwnerContext(tenant), method, request);
}

// As the operator, for a tenant, or for the installation when it is nil.
template <typename Service, typename Request, typename Reply>
absl::StatusOr<Reply> AsOperator(TenantId tenant, const std::string& service,
                                 grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                       const Request&, Reply*),
                                 const Request& request) {
  return Invoke<Service>(System::Get().OperatorChannel(service),
                         tenant.is_nil() ? System::Context() : System::ContextFor(tenant), method,
                         request);
}

// Until `condition` holds; false when `timeout` passed first.
bool WaitUntil(absl::Duration timeout, const std::function<bool()>& condition);

}  // namespace kasbah::system_test
