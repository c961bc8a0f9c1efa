#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "libs/dev/postgres_server.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::dev {
namespace {

using testing::StatusIs;

class PostgresServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/kasbah dev-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    ASSERT_EQ(chmod(root_.c_str(), 0755), 0);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  PostgresServer::Options At(const std::string& name, bool throwaway = true) const {
    PostgresServer::Options options;
    options.directory = root_ + "/" + name;
    options.throwaway = throwaway;
    return options;
  }

  static bool Connects(const std::string& dsn) {
    PGconn* connection = PQconnectdb(dsn.c_str());
    const bool connected = PQstatus(connection) == CONNECTION_OK;
    PQfinish(connection);
    return connected;
  }

  static pid_t Postmaster(const PostgresServer::Options& options) {
    std::ifstream file(options.directory + "/data/postmaster.pid");
    pid_t pid = 0;
    file >> pid;
    return pid;
  }

  std::string root_;
};

TEST_F(PostgresServerTest, OnlyItsPasswordOpensIt) {
  ASSERT_OK_AND_ASSIGN(const auto server, PostgresServer::Start(At("pg", false)));
  EXPECT_TRUE(Connects(server->AdminDsn("postgres")));
  EXPECT_FALSE(Connects(server->RoleDsn("postgres", "postgres")));
  struct stat status {};
  ASSERT_EQ(stat((root_ + "/pg/password").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(PostgresServerTest, StartsAgainWhereItWas) {
  int port = 0;
  {
    ASSERT_OK_AND_ASSIGN(const auto server, PostgresServer::Start(At("pg")));
    port = server->port();
    EXPECT_OK(server->Stop());
    EXPECT_FALSE(Connects(server->AdminDsn("postgres")));
  }
  ASSERT_OK_AND_ASSIGN(const auto server, PostgresServer::Start(At("pg")));
  EXPECT_EQ(server->port(), port);
  server->Kill();
  EXPECT_FALSE(Connects(server->AdminDsn("postgres")));
  ASSERT_OK_AND_ASSIGN(const auto after_crash, PostgresServer::Start(At("pg")));
  EXPECT_TRUE(Connects(after_crash->AdminDsn("postgres")));
}

TEST_F(PostgresServerTest, ASecondServerInADirectoryIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto server, PostgresServer::Start(At("pg")));
  const auto second = PostgresServer::Start(At("pg"));
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_NE(second.status().message().find("another PostgreSQL"), std::string::npos);
}

TEST_F(PostgresServerTest, ATakenPortIsNamed) {
  ASSERT_OK_AND_ASSIGN(const auto server, PostgresServer::Start(At("one")));
  PostgresServer::Options options = At("two");
  options.port = server->port();
  const auto second = PostgresServer::Start(options);
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_NE(second.status().message().find(std::to_string(server->port())), std::string::npos);
}

TEST_F(PostgresServerTest, ADirectoryOutOfTheServersReachIsExplained) {
  if (geteuid() != 0) GTEST_SKIP() << "only root runs it as somebody else";
  const std::string closed = root_ + "/closed";
  ASSERT_EQ(mkdir(closed.c_str(), 0700), 0);
  const auto server = PostgresServer::Start(At("closed/pg"));
  EXPECT_THAT(server, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_NE(server.status().message().find("chmod o+x '" + closed + "'"), std::string::npos)
      << server.status();
}

TEST_F(PostgresServerTest, EndsWithTheProcessThatStartedIt) {
  const PostgresServer::Options options = At("pg");
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto server = PostgresServer::Start(options);
    const char answer = server.ok() ? 'y' : 'n';
    if (write(ready[1], &answer, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const pid_t postmaster = Postmaster(options);
  ASSERT_GT(postmaster, 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (kill(postmaster, 0) == 0 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_NE(kill(postmaster, 0), 0);
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace kasbah::dev
