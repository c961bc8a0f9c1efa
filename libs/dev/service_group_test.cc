#include "libs/dev/service_group.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "absl/time/clock.h"
#include "libs/dev/files.h"

namespace kasbah::dev {
namespace {

class ServiceGroupTest : public testing::Test {
 protected:
  ServiceGroupTest() {
    directory_ = testing::TempDir() + "group test " + std::to_string(getpid());
    EXPECT_TRUE(MakeDirectory(directory_, 0700).ok());
    auto log = LogMerger::Open(directory_ + "/log", [](std::string_view, std::string_view) {});
    EXPECT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    group_ = std::make_unique<ServiceGroup>(
        log_.get(),
        [this](std::string_view, std::string_view line) { reports_.emplace_back(line); });
  }
  ~ServiceGroupTest() override { std::filesystem::remove_all(directory_); }

  void AddScript(const std::string& name, const std::string& script) {
    group_->Add(name, {"/bin/sh", "-c", script});
  }
  ServiceState StateOf(const std::string& name) {
    for (const ServiceState& state : group_->States()) {
      if (state.name == name) return state;
    }
    return {};
  }
  bool TickUntil(const std::function<bool()>& holds) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (absl::Now() < deadline) {
      group_->Tick();
      if (holds()) return true;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return false;
  }
  std::string Log() { return ReadFile(directory_ + "/log").value_or(""); }

  std::string directory_;
  std::vector<std::string> reports_;
  std::unique_ptr<LogMerger> log_;
  std::unique_ptr<ServiceGroup> group_;
};

TEST_F(ServiceGroupTest, AKilledProcessRunsAgainUnderAnotherPid) {
  AddScript("vault", "sleep 600");
  ASSERT_TRUE(group_->Start("vault").ok());
  const pid_t first = StateOf("vault").pid;
  ASSERT_TRUE(group_->Kill("vault").ok());
  EXPECT_EQ(StateOf("vault").phase, ServiceState::Phase::kBackoff);
  ASSERT_TRUE(TickUntil([&] { return StateOf("vault").pid > 0; }));
  EXPECT_NE(StateOf("vault").pid, first);
  EXPECT_EQ(StateOf("vault").restarts, 1);
  EXPECT_EQ(StateOf("vault").last_exit, "signal 9 (Killed)");
}

TEST_F(ServiceGroupTest, AStoppedProcessStaysDown) {
  AddScript("vault", "sleep 600");
  ASSERT_TRUE(group_->Start("vault").ok());
  ASSERT_TRUE(group_->Stop("vault").ok());
  EXPECT_FALSE(group_->Tick());
  EXPECT_EQ(StateOf("vault").phase, ServiceState::Phase::kStopped);
  EXPECT_EQ(StateOf("vault").restarts, 0);
  EXPECT_TRUE(group_->Start("vault").ok());
  EXPECT_EQ(StateOf("vault").phase, ServiceState::Phase::kRunning);
}

TEST_F(ServiceGroupTest, BadSettingsAreNotTriedAgain) {
  AddScript("audit", "echo 'config: no such key'; exit 2");
  ASSERT_TRUE(group_->Start("audit").ok());
  ASSERT_TRUE(TickUntil([&] { return StateOf("audit").bad_settings; }));
  EXPECT_EQ(StateOf("audit").phase, ServiceState::Phase::kStopped);
  EXPECT_NE(Log().find("audit config: no such key\n"), std::string::npos);
}

TEST_F(ServiceGroupTest, APauseGrowsWhileAProcessKeepsEnding) {
  AddScript("auth", "exit 1");
  ASSERT_TRUE(group_->Start("auth").ok());
  ASSERT_TRUE(TickUntil([&] { return StateOf("auth").restarts == 3; }));
  ASSERT_EQ(reports_.size(), 3u);
  EXPECT_NE(reports_[0].find("100ms"), std::string::npos) << reports_[0];
  EXPECT_NE(reports_[2].find("400ms"), std::string::npos) << reports_[2];
}

TEST_F(ServiceGroupTest, ManyLinesAtTheEndDoNotKeepItFromEnding) {
  AddScript(
      "auth",
      "trap 'head -c 1000000 /dev/zero | tr \"\\0\" x; exit 0' TERM; while :; do sleep 0.01; done");
  ASSERT_TRUE(group_->Start("auth").ok());
  ASSERT_TRUE(group_->Stop("auth").ok());
  EXPECT_EQ(StateOf("auth").phase, ServiceState::Phase::kStopped);
}

}  // namespace
}  // namespace kasbah::dev
