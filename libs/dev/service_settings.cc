#include "libs/dev/service_settings.h"

#include <yaml-cpp/yaml.h>

#include <utility>

#include "absl/strings/str_replace.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::dev {
namespace {

YAML::Node Pool(const Installation& installation, const PostgresServer& postgres,
                const std::string& role, int connections, const std::string& database = "kasbah") {
  YAML::Node pool;
  pool["dsn"] = postgres.RoleDsn(role, database);
  pool["password_file"] = installation.password_file(role);
  pool["connections"] = connections;
  return pool;
}

YAML::Node Server(const Installation& installation, const std::string& service) {
  YAML::Node server;
  server["listen"] = installation.Address(service);
  server["admin_listen"] = StrCat("127.0.0.1:", installation.ports(service).admin_port);
  server["tls_directory"] = installation.CertificateDirectory(service);
  server["trust_domain"] = kTrustDomain;
  server["reflection"] = true;
  // Nobody waits long for a developer's machine to stop.
  server["drain"] = "5s";
  if (service != "auth") server["auth_address"] = installation.Address("auth");
  return server;
}

YAML::Node Shard(const Installation& installation, const PostgresServer& postgres,
                 const std::string& name) {
  const auto pool = [&](const std::string& role, int connections) {
    return Pool(installation, postgres, StrCat("kasbah_tenant_data", role), connections,
                ShardDatabase(name));
  };
  YAML::Node shard;
  shard["name"] = name;
  shard["database"] = pool("", 8);
  shard["relay"] = pool("_relay", 2);
  shard["upkeep"] = pool("_upkeep", 4);
  shard["mover"] = pool("_mover", 4);
  return shard;
}

// What a service has beside the settings that all have.
void AddOwn(const Installation& installation, const std::string& service, YAML::Node* root) {
  if (service == "vault") {
    (*root)["seal_file"] = installation.Path("vault.seal");
    (*root)["shares"]["directory"] = installation.Path("shares");
    // A developer's own databases.
    (*root)["allow_addresses"].push_back("127.0.0.0/8");
  }
  if (service == "tenant-data") {
    (*root)["files"]["directory"] = installation.Path("files");
    // Resolves to loopback by itself, and its subdomains do.
    (*root)["base_domain"] = "kasbah.localhost";
  }
  if (service == "audit") {
    (*root)["archive"]["directory"] = installation.Path("archive");
    // Receivers of a development machine speak plain HTTP on loopback.
    (*root)["sinks"]["allow_http"] = true;
    (*root)["sinks"]["allow_addresses"].push_back("127.0.0.0/8");
  }
  if (service == "webhook") {
    // Receivers of a development machine speak plain HTTP on loopback, come and go, and nobody
    // waits hours for a retry.
    (*root)["allow_http"] = true;
    (*root)["allow_addresses"].push_back("127.0.0.0/8");
    (*root)["delivery_timeout"] = "5s";
    for (const char* wait :
         {"1s", "2s", "3s", "5s", "5s", "10s", "10s", "20s", "30s", "1m", "5m"}) {
      (*root)["retry_schedule"].push_back(wait);
    }
  }
}

}  // namespace

std::string ShardDatabase(const std::string& name) { return StrCat("kasbah-shard-", name); }

std::string SchemaOf(const std::string& service) {
  return absl::StrReplaceAll(service, {{"-", "_"}});
}

std::vector<DoorSetting> DoorsOf(const std::string& service) {
  if (service == "auth") return {{"resolver", "kasbah_auth_resolver"}};
  if (service == "vault") return {{"root", "kasbah_vault_root"}, {"upkeep", "kasbah_vault_upkeep"}};
  if (service == "tenant-data") {
    return {{"registry", "kasbah_tenant_data_registry"},
            {"resolver", "kasbah_tenant_data_resolver"},
            {"upkeep", "kasbah_tenant_data_upkeep"},
            {"mover", "kasbah_tenant_data_mover"}};
  }
  if (service == "webhook") return {{"queue", "kasbah_webhook_queue"}};
  if (service == "audit") {
    return {{"ingest", "kasbah_audit_ingest"},
            {"upkeep", "kasbah_audit_upkeep"},
            {"incidents", "kasbah_audit_incidents"}};
  }
  return {};
}

absl::Status WriteServiceSettings(const Installation& installation, const PostgresServer& postgres,
                                  const std::string& service) {
  const std::string role = StrCat("kasbah_", SchemaOf(service));
  YAML::Node root;
  root["server"] = Server(installation, service);
  root["database"] = Pool(installation, postgres, role, 8);
  root["relay"] = Pool(installation, postgres, StrCat(role, "_relay"), 2);
  for (const DoorSetting& door : DoorsOf(service)) {
    root[door.section] = Pool(installation, postgres, door.role, 4);
  }
  for (const char* peer : {"audit", "webhook", "vault", "tenant-data"}) {
    root["peers"][SchemaOf(peer)] = installation.Address(peer);
  }
  AddOwn(installation, service, &root);
  if (service == "tenant-data") {
    ASSIGN_OR_RETURN(const std::vector<std::string> shards, installation.Shards());
    for (const std::string& name : shards) {
      root["shards"].push_back(Shard(installation, postgres, name));
    }
    // Nobody waits ten minutes to see a move's end.
    root["clean_after"] = "5s";
  }
  YAML::Emitter text;
  text << root;
  return WriteFile(installation.config_file(service),
                   StrCat("# Written by kasbah dev up at each start.\n", text.c_str(), "\n"), 0600);
}

}  // namespace kasbah::dev
