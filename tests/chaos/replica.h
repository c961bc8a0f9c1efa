#pragma once

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <memory>
#include <string>

#include "libs/base/strings.h"
#include "libs/dev/probe.h"
#include "libs/dev/process.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {

// A second process of a service, with its own ports and the first one's everything else.
class Replica {
 public:
  explicit Replica(const std::string& service) {
    using system_test::System;
    const auto port = dev::PickFreePort();
    const auto admin_port = dev::PickFreePort();
    EXPECT_TRUE(port.ok() && admin_port.ok());
    address_ = StrCat("127.0.0.1:", *port);
    YAML::Node config = YAML::LoadFile(System::Get().installation().config_file(service));
    config["server"]["listen"] = address_;
    config["server"]["admin_listen"] = StrCat("127.0.0.1:", *admin_port);
    const std::string file = System::Get().directory() + "/replica.yaml";
    std::ofstream(file) << config;
    auto process = dev::Process::Spawn(
        {.arguments = {StrCat(KASBAH_BINARY_DIR, "/kasbah-", service), "--config", file}});
    EXPECT_TRUE(process.ok()) << process.status();
    process_ = std::make_unique<dev::Process>(*std::move(process));
  }
  const std::string& address() const { return address_; }
  void Kill() { process_.reset(); }

 private:
  std::string address_;
  std::unique_ptr<dev::Process> process_;
};

}  // namespace kasbah::chaos_test
