#include "libs/dev/installation.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/dev/certificate_authority.h"
#include "libs/dev/files.h"
#include "libs/dev/probe.h"
#include "libs/postgres/migration.h"
#include <nlohmann/json.hpp>

namespace kasbah::dev {
namespace {

absl::StatusOr<std::string> Absolute(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(directory, error).lexically_normal();
  if (error) return FileError("find", directory, error.value());
  std::string text = path.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace

const std::vector<std::string>& ServiceNames() {
  static const auto* names =
      new std::vector<std::string>{"auth", "vault", "tenant-data", "webhook", "audit"};
  return *names;
}

absl::StatusOr<Installation> Installation::Prepare(const std::string& directory) {
  ASSIGN_OR_RETURN(std::string absolute, Absolute(directory));
  Installation installation(std::move(absolute));
  RETURN_IF_ERROR(installation.MakeDirectories());
  RETURN_IF_ERROR(FileExists(installation.Path("ports.json")) ? installation.LoadPorts()
                                                              : installation.ChoosePorts());
  RETURN_IF_ERROR(installation.IssueCertificates());
  RETURN_IF_ERROR(installation.MakePasswords());
  return installation;
}

mode_t Installation::DirectoryMode() { return geteuid() == 0 ? 0711 : 0700; }

absl::StatusOr<Installation> Installation::Load(const std::string& directory) {
  ASSIGN_OR_RETURN(std::string absolute, Absolute(directory));
  Installation installation(std::move(absolute));
  if (!FileExists(installation.Path("ports.json"))) {
    return absl::NotFoundError(StrCat("there is no installation in ", installation.directory_,
                                      "; make one with: kasbah dev up"));
  }
  RETURN_IF_ERROR(installation.LoadPorts());
  return installation;
}

absl::Status Installation::MakeDirectories() const {
  RETURN_IF_ERROR(MakeDirectory(directory_, DirectoryMode()));
  for (const char* name : {"ca", "certificates", "passwords", "config", "logs"}) {
    RETURN_IF_ERROR(MakeDirectory(Path(name), 0700));
  }
  return absl::OkStatus();
}

absl::Status Installation::ChoosePorts() {
  nlohmann::json file = nlohmann::json::object();
  for (const std::string& service : ServiceNames()) {
    ServicePorts& ports = ports_[service];
    ASSIGN_OR_RETURN(ports.port, PickFreePort());
    ASSIGN_OR_RETURN(ports.admin_port, PickFreePort());
    file[service] = {{"port", ports.port}, {"admin_port", ports.admin_port}};
  }
  return WriteFile(Path("ports.json"), file.dump(2) + "\n", 0644);
}

absl::Status Installation::LoadPorts() {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(Path("ports.json")));
  const nlohmann::json file = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  for (const std::string& service : ServiceNames()) {
    const bool known = file.is_object() && file.contains(service) && file[service].is_object();
    const nlohmann::json entry = known ? file[service] : nlohmann::json::object();
    ServicePorts ports;
    if (entry.contains("port") && entry["port"].is_number_integer()) ports.port = entry["port"];
    if (entry.contains("admin_port") && entry["admin_port"].is_number_integer()) {
      ports.admin_port = entry["admin_port"];
    }
    if (ports.port <= 0 || ports.port > 65535 || ports.admin_port <= 0 ||
        ports.admin_port > 65535) {
      return absl::FailedPreconditionError(StrCat(Path("ports.json"), " names no ports for ",
                                                  service,
                                                  "; delete it to have them chosen again"));
    }
    ports_[service] = ports;
  }
  return absl::OkStatus();
}

absl::Status Installation::IssueCertificates() const {
  ASSIGN_OR_RETURN(const CertificateAuthority authority, CertificateAuthority::Open(Path("ca")));
  for (const std::string& service : ServiceNames()) {
    RETURN_IF_ERROR(MakeDirectory(CertificateDirectory(service), 0700));
    RETURN_IF_ERROR(authority.Issue({.uris = {ServiceId(service)}}, CertificateDirectory(service)));
  }
  RETURN_IF_ERROR(MakeDirectory(CertificateDirectory(kOperator), 0700));
  return authority.Issue({.uris = {StrCat("spiffe://", kTrustDomain, "/operator/admin")}},
                         CertificateDirectory(kOperator));
}

absl::Status Installation::MakePasswords() const {
  for (const std::string& role : postgres::LoginRoles()) {
    const std::string path = password_file(role);
    if (FileExists(path)) continue;
    RETURN_IF_ERROR(WriteFile(path, crypto::Hex(crypto::RandomBytes(32)), 0600));
  }
  return absl::OkStatus();
}

std::string Installation::config_file(const std::string& service) const {
  return Path(StrCat("config/", service, ".yaml"));
}

std::string Installation::password_file(const std::string& role) const {
  return Path(StrCat("passwords/", role));
}

std::string Installation::Address(const std::string& service) const {
  return StrCat("127.0.0.1:", ports(service).port);
}

std::string Installation::ServiceId(const std::string& service) {
  return StrCat("spiffe://", kTrustDomain, "/service/", service);
}

std::string Installation::CertificateDirectory(const std::string& name) const {
  return Path(StrCat("certificates/", name));
}

absl::StatusOr<std::string> Installation::IssueTenantCertificate(
    const TenantId& tenant, const std::string& workload) const {
  ASSIGN_OR_RETURN(const CertificateAuthority authority, CertificateAuthority::Open(Path("ca")));
  const std::string identity = StrCat("tenant/", tenant.ToString(), "/workload/", workload);
  const std::string directory =
      CertificateDirectory(StrCat("tenants/", tenant.ToString(), "/", workload));
  RETURN_IF_ERROR(MakeDirectory(directory, 0700));
  RETURN_IF_ERROR(
      authority.Issue({.uris = {StrCat("spiffe://", kTrustDomain, "/", identity)}}, directory));
  return directory;
}

absl::StatusOr<std::vector<std::string>> Installation::Shards() const {
  if (!FileExists(Path("shards"))) return std::vector<std::string>();
  ASSIGN_OR_RETURN(const std::string text, ReadFile(Path("shards")));
  return std::vector<std::string>(absl::StrSplit(text, '\n', absl::SkipEmpty()));
}

absl::Status Installation::AddShards(const std::vector<std::string>& names) const {
  ASSIGN_OR_RETURN(std::vector<std::string> shards, Shards());
  for (const std::string& name : names) {
    if (std::find(shards.begin(), shards.end(), name) == shards.end()) shards.push_back(name);
  }
  if (shards.empty()) return absl::OkStatus();
  return WriteFile(Path("shards"), absl::StrJoin(shards, "\n") + "\n", 0644);
}

absl::StatusOr<std::map<std::string, std::string>> Installation::Passwords() const {
  std::map<std::string, std::string> passwords;
  for (const std::string& role : postgres::LoginRoles()) {
    ASSIGN_OR_RETURN(passwords[role], ReadFile(password_file(role)));
  }
  return passwords;
}

absl::Status Installation::CheckPorts() const {
  for (const auto& [service, ports] : ports_) {
    for (const int port : {ports.port, ports.admin_port}) {
      if (IsPortFree(port)) continue;
      return absl::FailedPreconditionError(
          StrCat("127.0.0.1:", port, ", where kasbah-", service,
                 " listens, is taken by another process; end that one, or delete ",
                 Path("ports.json"), " to have other ports chosen"));
    }
  }
  return absl::OkStatus();
}

}  // namespace kasbah::dev
