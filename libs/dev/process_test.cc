#include "libs/dev/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <thread>

#include "absl/time/clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::dev {
namespace {

absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

Process::Options Shell(const std::string& script) {
  return {.arguments = {"/bin/sh", "-c", script}};
}

std::string OutputOf(Process::Options options) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  options.output = ends[1];
  auto process = Process::Spawn(options);
  close(ends[1]);
  EXPECT_TRUE(process.ok()) << process.status();
  std::string output;
  char buffer[256];
  ssize_t size = 0;
  while ((size = read(ends[0], buffer, sizeof(buffer))) > 0) {
    output.append(buffer, static_cast<size_t>(size));
  }
  close(ends[0]);
  return output;
}

TEST(Process, ExitCodesAndSignalsAreToldApart) {
  auto process = Process::Spawn(Shell("exit 7"));
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(process->Wait(Soon())->ToString(), "exit code 7");
  process = Process::Spawn(Shell("sleep 600"));
  ASSERT_TRUE(process.ok());
  EXPECT_FALSE(process->Poll().has_value());
  process->Signal(SIGKILL);
  EXPECT_EQ(process->Wait(Soon())->signal, SIGKILL);
}

TEST(Process, ABinaryThatIsMissingIsNamed) {
  const auto process = Process::Spawn({.arguments = {"/nowhere/kasbah-vault"}});
  ASSERT_FALSE(process.ok());
  EXPECT_NE(std::string(process.status().message()).find("/nowhere/kasbah-vault"),
            std::string::npos);
}

TEST(Process, OutputOfBothStreamsArrives) {
  EXPECT_EQ(OutputOf(Shell("echo one; echo two >&2")), "one\ntwo\n");
}

TEST(Process, SettingsOfTheCommandLineDoNotReachServices) {
  setenv("KASBAH_API_KEY", "ksb_key_canary", 1);
  Process::Options options = Shell("echo \"<$KASBAH_API_KEY$KASBAH_GIVEN>\"");
  options.environment["KASBAH_GIVEN"] = "given";
  EXPECT_EQ(OutputOf(options), "<given>\n");
  unsetenv("KASBAH_API_KEY");
}

TEST(Process, EndsWithTheThreadThatSpawnedIt) {
  pid_t pid = 0;
  std::optional<Process> process;
  std::thread([&] {
    auto spawned = Process::Spawn(Shell("sleep 600"));
    ASSERT_TRUE(spawned.ok());
    pid = spawned->pid();
    process.emplace(*std::move(spawned));
  }).join();
  const std::optional<Exit> exit = process->Wait(Soon());
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->signal, SIGKILL);
}

TEST(Process, DestructionLeavesNothingBehind) {
  pid_t pid = 0;
  {
    auto process = Process::Spawn(Shell("sleep 600"));
    ASSERT_TRUE(process.ok());
    pid = process->pid();
  }
  EXPECT_NE(kill(pid, 0), 0);
}

}  // namespace
}  // namespace kasbah::dev
