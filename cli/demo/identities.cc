#include "cli/demo/identities.h"

#include "libs/base/status_macros.h"

namespace kasbah::cli {

Context OperatorContext(const dev::Installation& installation) {
  return TenantContext(installation, "dev", installation.CertificateDirectory(dev::kOperator), "");
}

Context TenantContext(const dev::Installation& installation, const std::string& name,
                      const std::string& certificate_directory, const std::string& api_key_file) {
  Context context;
  context.name = name;
  context.file = installation.Path("contexts.yaml");
  context.trust_domain = dev::kTrustDomain;
  context.tls_directory = certificate_directory;
  context.api_key_file = api_key_file;
  for (const std::string& service : dev::ServiceNames()) {
    context.addresses[service] = installation.Address(service);
  }
  return context;
}

absl::StatusOr<std::unique_ptr<Client>> OperatorClient(const dev::Installation& installation,
                                                       const std::string& tenant) {
  Client::Options options;
  options.context = OperatorContext(installation);
  options.tenant = tenant;
  return Client::Create(std::move(options));
}

absl::StatusOr<std::unique_ptr<Client>> TenantClient(const dev::Installation& installation,
                                                     const std::string& tenant,
                                                     const std::string& workload,
                                                     const std::string& api_key) {
  ASSIGN_OR_RETURN(const TenantId id, TenantId::Parse(tenant));
  ASSIGN_OR_RETURN(const std::string directory, installation.IssueTenantCertificate(id, workload));
  Client::Options options;
  options.context = TenantContext(installation, tenant, directory, "");
  options.api_key = api_key;
  return Client::Create(std::move(options));
}

}  // namespace kasbah::cli
