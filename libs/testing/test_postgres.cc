#include "libs/testing/test_postgres.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/postgres_server.h"
#include "libs/postgres/core_migrations.h"
#include <pqxx/pqxx>

namespace kasbah::testing {
namespace {

constexpr char kPrefix[] = "kasbah-test-pg-";

// A test without its database proves nothing.
void MustBeOk(const absl::Status& status) {
  if (!status.ok()) Crash(StrCat("test database: ", status.ToString()), __FILE__, __LINE__);
}

// Directories of test binaries that ended without cleaning up. The name holds their process.
void Sweep(const std::filesystem::path& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    const std::string name = entry.path().filename();
    if (name.rfind(kPrefix, 0) != 0) continue;
    const std::vector<std::string> parts = absl::StrSplit(name.substr(sizeof(kPrefix) - 1), '-');
    int pid = 0;
    if (absl::SimpleAtoi(parts[0], &pid) && kill(pid, 0) != 0) {
      std::filesystem::remove_all(entry.path(), error);
    }
  }
}

std::string MakeDirectory() {
  const std::filesystem::path parent = std::filesystem::temp_directory_path();
  Sweep(parent);
  std::string pattern = StrCat(parent.string(), "/", kPrefix, getpid(), "-XXXXXX");
  KASBAH_CHECK(mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

// The server of this test binary, and the templates made on it.
class SharedServer {
 public:
  static SharedServer& Get() {
    static SharedServer server;
    return server;
  }

  dev::PostgresServer& server() { return *server_; }

  void Start() {
    auto started = dev::PostgresServer::Start({.directory = directory_, .throwaway = true});
    MustBeOk(started.status());
    server_ = *std::move(started);
  }

  // A new database that holds what `migrations` make.
  std::string MakeDatabase(const std::vector<postgres::Migration>& migrations) {
    absl::MutexLock lock(&mutex_);
    const std::string from = Template(migrations);
    const std::string name = StrCat("test_", ++databases_);
    {
      pqxx::connection admin(server_->AdminDsn("postgres"));
      pqxx::nontransaction(admin).exec(StrCat("CREATE DATABASE ", name, " TEMPLATE ", from));
    }
    // A database's own grants are not copied with it.
    MustBeOk(postgres::Bootstrap(server_->AdminDsn("postgres"), name, {}));
    return name;
  }

 private:
  SharedServer() : directory_(MakeDirectory()) { Start(); }
  ~SharedServer() {
    server_.reset();
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
  }

  std::string Template(const std::vector<postgres::Migration>& migrations)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::string key;
    for (const auto& migration : migrations) {
      StrAppend(&key, migration.schema, "/", migration.name, "\n", migration.sql, "\n");
    }
    std::string& name = templates_[key];
    if (name.empty()) {
      name = StrCat("template_", templates_.size());
      MustBeOk(postgres::Bootstrap(server_->AdminDsn("postgres"), name, {}));
      MustBeOk(postgres::Migrate(server_->RoleDsn("kasbah_migrator", name), migrations).status());
    }
    return name;
  }

  const std::string directory_;
  std::unique_ptr<dev::PostgresServer> server_;
  absl::Mutex mutex_;
  std::map<std::string, std::string> templates_ ABSL_GUARDED_BY(mutex_);
  int databases_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<TestDatabase> TestDatabase::Create(
    const std::vector<postgres::Migration>& migrations) {
  std::vector<postgres::Migration> all = migrations;
  if (all.empty() || all.front().schema != "core") {
    const auto core = migrations::core();
    all.insert(all.begin(), core.begin(), core.end());
  }
  std::unique_ptr<TestDatabase> database(new TestDatabase);
  database->name_ = SharedServer::Get().MakeDatabase(all);
  return database;
}

TestDatabase::~TestDatabase() {
  try {
    pqxx::connection admin(SharedServer::Get().server().AdminDsn("postgres"));
    pqxx::nontransaction(admin).exec(StrCat("DROP DATABASE ", name_, " WITH (FORCE)"));
  } catch (const std::exception&) {
    // A test that left its server stopped leaves the database with it.
  }
}

postgres::PoolOptions TestDatabase::Pool(const std::string& role) const {
  postgres::PoolOptions options;
  options.dsn = SharedServer::Get().server().RoleDsn(role, name_);
  options.application_name = role;
  return options;
}

std::string TestDatabase::AdminDsn() const { return SharedServer::Get().server().AdminDsn(name_); }

void TestDatabase::Execute(const std::string& sql) {
  pqxx::connection admin(AdminDsn());
  pqxx::nontransaction(admin).exec(sql);
}

bool TestDatabase::AwaitBlocked(int backends) {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  const std::string enough =
      StrCat("SELECT count(*) >= ", backends,
             " FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '", name_, "'");
  while (QueryValue(enough) != "t") {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

std::string TestDatabase::QueryValue(const std::string& sql) {
  pqxx::connection admin(AdminDsn());
  pqxx::nontransaction tx(admin);
  const pqxx::result rows = tx.exec(sql);
  return rows.empty() || rows[0][0].is_null() ? "" : rows[0][0].as<std::string>();
}

TenantId TestDatabase::CreateTenant(const std::string& slug) {
  const TenantId tenant = TenantId::New(absl::Now());
  pqxx::connection admin(AdminDsn());
  pqxx::nontransaction tx(admin);
  tx.exec_params("INSERT INTO core.tenants (tenant_id, slug, display_name) VALUES ($1, $2, $2)",
                 tenant.uuid().ToString(), slug);
  return tenant;
}

void TestDatabase::SetTenantState(TenantId tenant, const std::string& state) {
  pqxx::connection admin(AdminDsn());
  pqxx::nontransaction tx(admin);
  tx.exec_params("UPDATE core.tenants SET state = $2 WHERE tenant_id = $1",
                 tenant.uuid().ToString(), state);
}

void TestDatabase::StopServer() { MustBeOk(SharedServer::Get().server().Stop()); }
void TestDatabase::KillServer() { SharedServer::Get().server().Kill(); }
void TestDatabase::StartServer() { SharedServer::Get().Start(); }

}  // namespace kasbah::testing
