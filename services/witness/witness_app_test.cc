// The process itself: made by keygen, asked over HTTP, killed and started again.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/time/clock.h"
#include "libs/dev/process.h"
#include "libs/http/client.h"
#include "libs/testing/status_matchers.h"
#include "services/witness/domain/log_fixture.h"

namespace kasbah::witness {
namespace {

namespace fs = std::filesystem;

class WitnessProcess : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    const std::string command = StrCat(kBinary, " keygen w.example/1 ", directory_, "/key ",
                                       directory_, "/state > ", directory_, "/vkey");
    ASSERT_EQ(system(command.c_str()), 0);
    std::ifstream vkey(directory_ + "/vkey");
    std::string text;
    std::getline(vkey, text);
    ASSERT_OK_AND_ASSIGN(const auto parsed,
                         merkle::VerifierKey::Parse(text, merkle::NoteKeyType::kCosignatureV1));
    verifier_ = std::make_unique<merkle::VerifierKey>(parsed);
    http::ClientOptions options;
    options.allow_http = true;
    ASSERT_OK_AND_ASSIGN(options.guard, http::AddressGuard::Create({"127.0.0.0/8"}));
    ASSERT_OK_AND_ASSIGN(client_, http::Client::Create(std::move(options)));
    Start();
  }
  void TearDown() override {
    process_.reset();
    fs::remove_all(directory_);
  }

  void WriteConfig(int port) {
    std::ofstream(directory_ + "/witness.yaml")
        << StrCat("listen: 127.0.0.1:", port, "\nadmin_listen: 127.0.0.1:0\nkey_file: ", directory_,
                  "/key\nstate_directory: ", directory_,
                  "/state\nlogs:\n  - verifier_key: ", log_.Key().ToString(), "\n");
  }
  void Start() {
    // Any free port the first time; the same one ever after would race with others of this machine.
    WriteConfig(0);
    const std::string log = directory_ + "/log";
    fs::remove(log);
    const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_OK_AND_ASSIGN(
        auto process,
        dev::Process::Spawn({.arguments = {kBinary, "--config", directory_ + "/witness.yaml"},
                             .environment = {},
                             .output = output}));
    close(output);
    process_ = std::make_unique<dev::Process>(std::move(process));
    // The line that says where it serves.
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    for (port_ = 0; port_ == 0 && absl::Now() < deadline; absl::SleepFor(absl::Milliseconds(5))) {
      std::ifstream lines(log);
      for (std::string line; std::getline(lines, line);) {
        const size_t at = line.find("\"port\":");
        if (at == std::string::npos) continue;
        port_ = std::atoi(line.c_str() + at + 7);
        admin_port_ = std::atoi(line.c_str() + line.find("\"admin_port\":") + 13);
      }
    }
    ASSERT_NE(port_, 0);
  }
  void Kill() {
    process_->Signal(SIGKILL);
    process_->Wait(absl::InfiniteFuture());
  }

  absl::StatusOr<http::ClientResponse> Post(const std::string& body) {
    return client_->SendAndWait({.method = "POST",
                                 .url = StrCat("http://127.0.0.1:", port_, "/add-checkpoint"),
                                 .headers = {},
                                 .body = body});
  }
  bool Cosigns(const absl::StatusOr<http::ClientResponse>& answer, uint64_t size) const {
    if (!answer.ok() || answer->status != 200) return false;
    const auto lines = merkle::ParseSignatureLines(answer->body);
    return lines.ok() && lines->front().Verify(log_.Text(size), *verifier_);
  }

  static constexpr char kBinary[] = KASBAH_BINARY_DIR "/kasbah-witness";
  const std::string directory_ = StrCat(::testing::TempDir(), "kasbah-witness-", getpid());
  SmallLog log_{"log.example/a"};
  std::unique_ptr<merkle::VerifierKey> verifier_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<dev::Process> process_;
  int port_ = 0;
  int admin_port_ = 0;
};

TEST_F(WitnessProcess, SpeaksTlogWitness) {
  EXPECT_TRUE(Cosigns(Post(log_.Body(0, 4)), 4));
  EXPECT_TRUE(Cosigns(Post(log_.Body(4, 11)), 11));
  ASSERT_OK_AND_ASSIGN(const auto conflict, Post(log_.Body(0, 12)));
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.headers.at("content-type"), "text/x.tlog.size");
  EXPECT_EQ(conflict.body, "11\n");
  SmallLog stranger("log.example/b");
  ASSERT_OK_AND_ASSIGN(const auto unknown, Post(stranger.Body(0, 1)));
  EXPECT_EQ(unknown.status, 404);
  ASSERT_OK_AND_ASSIGN(
      const auto get,
      client_->SendAndWait({.url = StrCat("http://127.0.0.1:", port_, "/add-checkpoint")}));
  EXPECT_EQ(get.status, 405);
}

TEST_F(WitnessProcess, ProbesAndScrapersHaveAPortOfTheirOwn) {
  ASSERT_TRUE(Cosigns(Post(log_.Body(0, 4)), 4));
  const auto get = [this](int port, const std::string& path) {
    const auto answer = client_->SendAndWait({.url = StrCat("http://127.0.0.1:", port, path)});
    return answer.ok() ? StrCat(answer->status, " ", answer->body) : answer.status().ToString();
  };
  EXPECT_EQ(get(admin_port_, "/healthz"), "200 ok\n");
  EXPECT_EQ(get(admin_port_, "/readyz"), "200 ready\n");
  EXPECT_NE(get(admin_port_, "/metrics").find("kasbah_witness_requests_total{status=\"200\"} 1\n"),
            std::string::npos);
  // Who sends checkpoints sees none of it.
  for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(get(port_, path).substr(0, 3), "404") << path;
  }
}

TEST_F(WitnessProcess, TheKeyIsReadableByItsOwnerAlone) {
  struct stat info {};
  ASSERT_EQ(stat((directory_ + "/key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(chmod((directory_ + "/key").c_str(), 0644), 0);
  const std::string command =
      StrCat(kBinary, " --config ", directory_, "/witness.yaml 2> ", directory_, "/refused");
  EXPECT_NE(system(command.c_str()), 0);
}

TEST_F(WitnessProcess, KeygenNeverReplacesAWitness) {
  const std::string again = StrCat(kBinary, " keygen w.example/1 ", directory_, "/key ", directory_,
                                   "/state 2> /dev/null");
  EXPECT_NE(system(again.c_str()), 0);
  EXPECT_TRUE(Cosigns(Post(log_.Body(0, 1)), 1));
}

// Killed at whatever point of writing and answering: what was ever cosigned is remembered, and a
// log whose answer was lost goes on.
TEST_F(WitnessProcess, KilledWhileItAnswersItNeverForgets) {
  uint64_t cosigned = 0;
  for (int round = 0; round < 8; ++round) {
    std::atomic<uint64_t> seen = cosigned;
    std::thread sender([&] {
      uint64_t old_size = seen;
      for (uint64_t size = old_size + 1; size < old_size + 200; ++size) {
        const auto answer = Post(log_.Body(size - 1, size));
        if (!answer.ok()) return;
        // The last round's answer was lost.
        if (answer->status == 409 && answer->body == StrCat(size, "\n")) continue;
        if (!Cosigns(answer, size)) return;
        seen = size;
      }
    });
    while (seen < cosigned + 2 + static_cast<uint64_t>(round)) std::this_thread::yield();
    Kill();
    sender.join();
    cosigned = seen;
    Start();
    // It is at the last one that it answered, or at the one it stored when it was killed.
    ASSERT_OK_AND_ASSIGN(const auto where, Post(log_.Body(0, cosigned + 100)));
    ASSERT_EQ(where.status, 409);
    const uint64_t stored = std::stoull(where.body);
    EXPECT_GE(stored, cosigned);
    EXPECT_LE(stored, cosigned + 1);
    EXPECT_TRUE(Cosigns(Post(log_.Body(stored, stored)), stored));
    cosigned = stored;
  }
}

}  // namespace
}  // namespace kasbah::witness
