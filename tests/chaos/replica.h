#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "libs/base/strings.h"
#include "libs/dev/files.h"
#include "libs/dev/probe.h"
#include "libs/dev/process.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {

// A second process of a service, with its own ports and the first one's everything else but what
// `change` makes of its settings.
class Replica {
 public:
  explicit Replica(const std::string& service,
                   const std::function<void(YAML::Node& settings)>& change = nullptr) {
    using system_test::System;
    const auto port = dev::PickFreePort();
    const auto admin_port = dev::PickFreePort();
    EXPECT_TRUE(port.ok() && admin_port.ok());
    YAML::Node config = YAML::LoadFile(System::Get().installation().config_file(service));
    config["server"]["listen"] = StrCat("127.0.0.1:", *port);
    config["server"]["admin_listen"] = StrCat("127.0.0.1:", *admin_port);
    if (change) change(config);
    address_ = config["server"]["listen"].as<std::string>();
    const std::string file = StrCat(System::Get().directory(), "/replica-", *port);
    std::ofstream(file + ".yaml") << config;
    log_ = file + ".log";
    const int log = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    auto process = dev::Process::Spawn(
        {.arguments = {StrCat(KASBAH_BINARY_DIR, "/kasbah-", service), "--config", file + ".yaml"},
         .output = log});
    close(log);
    EXPECT_TRUE(process.ok()) << process.status();
    process_ = std::make_unique<dev::Process>(*std::move(process));
  }
  const std::string& address() const { return address_; }
  dev::Process& process() { return *process_; }
  // What it has logged so far.
  std::string Log() const { return *dev::ReadFile(log_); }
  void Kill() { process_.reset(); }

 private:
  std::string address_;
  std::string log_;
  std::unique_ptr<dev::Process> process_;
};

}  // namespace kasbah::chaos_test
