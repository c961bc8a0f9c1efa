#include "libs/testing/dns_server.h"

#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dev/probe.h"

namespace kasbah::testing {
namespace {

std::string MakeDirectory() {
  std::string name = "/tmp/kasbah-dns-XXXXXX";
  KASBAH_CHECK(mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

DnsServer::DnsServer() : directory_(MakeDirectory()) {
  const absl::StatusOr<int> port = dev::PickFreePort();
  if (!port.ok()) Crash(port.status().ToString(), __FILE__, __LINE__);
  port_ = *port;
  Start();
}

DnsServer::~DnsServer() {
  Stop();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string DnsServer::address() const { return StrCat("127.0.0.1:", port_); }

void DnsServer::Publish(const std::string& name, const std::vector<std::string>& strings) {
  std::string line = StrCat("txt-record=", name);
  for (const std::string& string : strings) StrAppend(&line, ",\"", string, "\"");
  lines_.emplace(name, line);
  Restart();
}

void DnsServer::PublishAlias(const std::string& name, const std::string& target) {
  lines_.emplace(name, StrCat("cname=", name, ",", target));
  Restart();
}

void DnsServer::Withdraw(const std::string& name) {
  lines_.erase(name);
  Restart();
}

void DnsServer::Stop() {
  if (!process_) return;
  process_->Signal(SIGTERM);
  KASBAH_CHECK(process_->Wait(absl::Now() + absl::Seconds(30)).has_value());
  process_.reset();
}

void DnsServer::Start() {
  const std::string path = directory_ + "/dnsmasq.conf";
  std::ofstream settings(path);
  settings << "port=" << port_
           << "\nlisten-address=127.0.0.1\nbind-interfaces\nno-hosts\nno-resolv\n"
              "local=/com/\nlocal=/org/\nlocal=/net/\n";
  for (const auto& [name, line] : lines_) settings << line << "\n";
  settings.close();
  // Debian keeps it where only root's PATH leads.
  absl::StatusOr<dev::Process> process = dev::Process::Spawn(
      {.arguments = {"/usr/sbin/dnsmasq", "--no-daemon", "--conf-file=" + path}});
  if (!process.ok()) Crash(process.status().ToString(), __FILE__, __LINE__);
  process_ = *std::move(process);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (!dev::Accepts(port_)) {
    if (process_->Poll() || absl::Now() > deadline) {
      Crash("dnsmasq does not start", __FILE__, __LINE__);
    }
    absl::SleepFor(absl::Milliseconds(5));
  }
}

void DnsServer::Restart() {
  const bool runs = process_.has_value();
  Stop();
  if (runs) Start();
}

}  // namespace kasbah::testing
