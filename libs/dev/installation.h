#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/ids.h"

namespace kasbah::dev {

inline constexpr const char kTrustDomain[] = "kasbah.dev";
inline constexpr const char kOperator[] = "operator-admin";

// "auth", "vault", "tenant-data", "webhook", "audit": in the order they are started, though any
// works.
const std::vector<std::string>& ServiceNames();

// Where a service listens on 127.0.0.1.
struct ServicePorts {
  int port = 0;
  int admin_port = 0;
};

// One development installation: a directory with everything in it, and what can be known of it
// without it running. Made by the supervisor; read by whoever wants to call its services.
//
//   lock            held by the supervisor         ca/              the authority's key
//   state.json      pids and restarts, now         certificates/    one directory an identity
//   ports.json      chosen once                    passwords/       one file a database role
//   postgres/       the cluster                    config/          one YAML file a service
//   shards          names of more databases for records
//   vault.seal      what opens the root key        logs/kasbah.log  everybody's lines
class Installation {
 public:
  // Makes what is missing: directories, ports, authority, certificates, passwords. Certificates of
  // services and of the operator are issued anew each time.
  static absl::StatusOr<Installation> Prepare(const std::string& directory);
  // Of a directory that Prepare has seen. NOT_FOUND, saying what to run, for any other.
  static absl::StatusOr<Installation> Load(const std::string& directory);

  // What the directory itself has: as root, PostgreSQL's own user has to get through to its
  // cluster.
  static mode_t DirectoryMode();

  // Absolute.
  const std::string& directory() const { return directory_; }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  std::string log_file() const { return Path("logs/kasbah.log"); }
  std::string lock_file() const { return Path("lock"); }
  std::string state_file() const { return Path("state.json"); }
  std::string config_file(const std::string& service) const;
  std::string password_file(const std::string& role) const;

  const ServicePorts& ports(const std::string& service) const { return ports_.at(service); }
  // "127.0.0.1:20123".
  std::string Address(const std::string& service) const;
  // spiffe://kasbah.dev/service/vault.
  static std::string ServiceId(const std::string& service);

  // Directory with tls.crt, tls.key and ca.crt of a service ("vault") or of kOperator.
  std::string CertificateDirectory(const std::string& name) const;
  // Issues one for a workload of a tenant and returns its directory.
  absl::StatusOr<std::string> IssueTenantCertificate(const TenantId& tenant,
                                                     const std::string& workload) const;

  // More databases for records that were ever asked for here, by name. Once there are some, tenants
  // may have their records in them.
  absl::StatusOr<std::vector<std::string>> Shards() const;
  absl::Status AddShards(const std::vector<std::string>& names) const;

  // Of every login role: 256 random bits in hexadecimal.
  absl::StatusOr<std::map<std::string, std::string>> Passwords() const;

  // FAILED_PRECONDITION, naming the service and what to do, when somebody else listens there.
  absl::Status CheckPorts() const;

 private:
  explicit Installation(std::string directory) : directory_(std::move(directory)) {}
  absl::Status MakeDirectories() const;
  absl::Status ChoosePorts();
  absl::Status LoadPorts();
  absl::Status IssueCertificates() const;
  absl::Status MakePasswords() const;

  std::string directory_;
  std::map<std::string, ServicePorts> ports_;
};

}  // namespace kasbah::dev
