#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_split.h"
#include "kasbah/vault/v1/leases.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/dev/files.h"
#include "libs/dev/postgres_server.h"
#include "libs/postgres/foreign_connection.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {

// A PostgreSQL of the tenant's own beside the vault's: with passwords, a group, a table that the
// group may read, and an admin user who is no superuser.
class LeaseTest : public VaultServerTest {
 protected:
  using Databases = v1::DatabaseService::Stub;
  using Leases = v1::LeaseService::Stub;
  using Connection = postgres::ForeignConnection;

  static void SetUpTestSuite() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "kasbah-target-XXXXXX").string();
    KASBAH_CHECK(mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    StartTarget();
    Admin("CREATE ROLE app_admin LOGIN CREATEROLE PASSWORD 'admin pass'");
    Admin("CREATE ROLE readers; CREATE TABLE public.numbers AS SELECT 42 AS n");
    Admin("GRANT SELECT ON public.numbers TO readers");
    Admin("CREATE ROLE \"odd \"\"; DROP ROLE readers; --\"");
    Admin("CREATE ROLE makers CREATEROLE; CREATE ROLE outer_makers IN ROLE makers");
    Admin("GRANT CREATE ON SCHEMA public TO readers");
  }
  static void TearDownTestSuite() {
    target_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  static void StartTarget() {
    auto started = dev::PostgresServer::Start({.directory = directory_});
    ASSERT_OK(started);
    target_ = *std::move(started);
  }

  void SetUp() override {
    VaultServerTest::SetUp();
    ASSERT_OK(AddSecret("db/admin", "admin pass\n"));
    ASSERT_OK(SetDatabase("orders"));
    ASSERT_OK(SetRole("reporting/read-only", {"readers"}));
  }
  void TearDown() override {
    if (target_ != nullptr) {
      Admin(
          "DO $$ DECLARE r name; BEGIN FOR r IN SELECT rolname FROM pg_roles WHERE rolname LIKE "
          "'kasbah\\_%' LOOP EXECUTE format('DROP OWNED BY %I; DROP ROLE %I', r, r); END LOOP; "
          "END $$");
    }
    VaultServerTest::TearDown();
  }

  // What a client of the target's is: `user` with `password`, or the superuser.
  static absl::StatusOr<std::unique_ptr<Connection>> LogIn(const std::string& user,
                                                           const std::string& password) {
    postgres::ForeignDatabase database;
    database.host = "127.0.0.1";
    database.addresses = {"127.0.0.1"};
    database.port = static_cast<uint32_t>(target_->port());
    database.database = "postgres";
    database.user = user;
    database.verify_tls = false;
    return Connection::Connect(database, password, Soon());
  }
  static absl::StatusOr<std::unique_ptr<Connection>> LogIn(const v1::IssueLeaseResponse& issued) {
    return LogIn(issued.lease().username(), issued.password());
  }
  static std::string Admin(const std::string& sql) {
    const std::string dsn = target_->AdminDsn("postgres");
    const std::vector<std::string> parts = absl::StrSplit(dsn, '\'');
    const auto connection = LogIn("postgres", parts.at(parts.size() - 2));
    EXPECT_OK(connection);
    if (!connection.ok()) return "";
    if (!sql.starts_with("SELECT")) {
      EXPECT_OK((*connection)->Execute(sql, Soon())) << sql;
      return "";
    }
    const auto rows = (*connection)->Query(sql, {}, Soon());
    EXPECT_OK(rows) << sql;
    return rows.ok() && !rows->empty() ? (*rows)[0][0].value_or("null") : "";
  }
  static std::string LoginCount() {
    return Admin("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'kasbah\\_%'");
  }
  // A certificate that signed itself, for 127.0.0.1, in PEM; its key beside it.
  static std::string MakeCertificate(const std::string& name) {
    const std::string file = directory_ + "/" + name;
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x"
        " -addext subjectAltName=IP:127.0.0.1 -keyout " +
        file + ".key -out " + file + ".crt 2>/dev/null";
    KASBAH_CHECK(std::system(command.c_str()) == 0);
    return *dev::ReadFile(file + ".crt");
  }
  // Puts a file beside the target's data, as its own server.
  static void GiveTarget(const std::string& from, const std::string& to) {
    Admin("COPY (SELECT unnest(string_to_array('" + *dev::ReadFile(from) +
          "', E'\n'))) TO PROGRAM 'umask 077; cat > " + to + "'");
  }
  static void SetTargetTls(const std::string& state) {
    Admin("ALTER SYSTEM SET ssl = " + state);
    Admin("SELECT pg_reload_conf()");
    const absl::Time deadline = Soon();
    while (Admin("SELECT current_setting('ssl')") != state && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
  static absl::Time Soon() { return absl::Now() + absl::Seconds(60); }

  absl::Status AddSecret(const std::string& path, const std::string& value) {
    v1::CreateSecretRequest create;
    create.set_path(path);
    RETURN_IF_ERROR(AsUser(a_, &v1::SecretService::Stub::CreateSecret, create).status());
    v1::AddSecretVersionRequest add;
    add.set_secret(path);
    add.set_payload(value);
    return AsUser(a_, &v1::SecretService::Stub::AddSecretVersion, add).status();
  }
  v1::SetDatabaseRequest DatabaseRequest(const std::string& name) {
    v1::SetDatabaseRequest request;
    request.set_name(name);
    auto& settings = *request.mutable_settings();
    settings.set_host("127.0.0.1");
    settings.set_port(static_cast<uint32_t>(target_->port()));
    settings.set_dbname("postgres");
    settings.set_tls(v1::DatabaseSettings::TLS_OFF);
    settings.set_admin_user("app_admin");
    settings.set_admin_secret("db/admin");
    return request;
  }
  absl::Status SetDatabase(const std::string& name) {
    return AsUser(a_, &Databases::SetDatabase, DatabaseRequest(name)).status();
  }
  absl::Status SetRole(const std::string& path, const std::vector<std::string>& groups,
                       absl::Duration ttl = absl::Hours(1), absl::Duration max = absl::Hours(3)) {
    v1::SetDatabaseRoleRequest request;
    request.set_path(path);
    request.set_database("orders");
    for (const std::string& group : groups) request.mutable_settings()->add_groups(group);
    *request.mutable_settings()->mutable_default_ttl() = ToDuration(ttl);
    *request.mutable_settings()->mutable_max_ttl() = ToDuration(max);
    return AsUser(a_, &Databases::SetDatabaseRole, request).status();
  }
  absl::StatusOr<v1::IssueLeaseResponse> Issue(const std::string& role = "reporting/read-only",
                                               absl::Duration ttl = absl::ZeroDuration()) {
    v1::IssueLeaseRequest request;
    request.set_role(role);
    if (ttl > absl::ZeroDuration()) *request.mutable_ttl() = ToDuration(ttl);
    return AsProgram(a_, &Leases::IssueLease, request);
  }
  absl::StatusOr<v1::Lease> Get(const std::string& id) {
    v1::GetLeaseRequest request;
    request.set_lease_id(id);
    return AsUser(a_, &Leases::GetLease, request);
  }
  absl::StatusOr<v1::Lease> Revoke(const std::string& id) {
    v1::RevokeLeaseRequest request;
    request.set_lease_id(id);
    return AsUser(a_, &Leases::RevokeLease, request);
  }
  absl::StatusOr<v1::Lease> Renew(const std::string& id, absl::Duration ttl) {
    v1::RenewLeaseRequest request;
    request.set_lease_id(id);
    *request.mutable_ttl() = ToDuration(ttl);
    return AsProgram(a_, &Leases::RenewLease, request);
  }
  // What a keeper does that starts now, `ahead` of our time, in this replica or another.
  absl::Status Keep(absl::Duration ahead = absl::ZeroDuration()) { return Keep(ahead, *vault_); }
  absl::Status Keep(absl::Duration ahead, Replica& replica) {
    return KeepAt(absl::Now() + ahead, replica);
  }
  absl::Status KeepAt(absl::Time now, Replica& replica) {
    testing::FakeClock clock(now);
    TargetAccess access(*replica.database, replica.outbox, *replica.ring, *replica.keys, guard_,
                        clock);
    LeaseKeeper keeper(*upkeep_door_, *replica.database, replica.outbox, *replica.root, access,
                       clock);
    return keeper.RunOnce();
  }
  CallContext ProgramCall() {
    CallContext call = Call(a_, ProgramPath(a_));
    call.actor = {"tenant_workload", testing::kWorkload, ""};
    return call;
  }

  static inline std::string directory_;
  static inline std::unique_ptr<dev::PostgresServer> target_;
};

}  // namespace kasbah::vault
