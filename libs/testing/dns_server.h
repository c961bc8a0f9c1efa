#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/dev/process.h"

namespace kasbah::testing {

// A real DNS server, dnsmasq, on a loopback port of its own, that answers for com, org and net out
// of what is published here and refuses every other question. It knows changes from the return of
// the call on. Crashes with the reason where it cannot be had.
class DnsServer {
 public:
  DnsServer();
  ~DnsServer();

  // "127.0.0.1:40053".
  std::string address() const;

  // A TXT record of several strings, beside those that the name has.
  void Publish(const std::string& name, const std::vector<std::string>& strings);
  void PublishAlias(const std::string& name, const std::string& target);
  // All that the name has.
  void Withdraw(const std::string& name);

  void Stop();
  void Start();

 private:
  void Restart();

  const std::string directory_;
  int port_ = 0;
  std::multimap<std::string, std::string> lines_;
  std::optional<dev::Process> process_;
};

}  // namespace kasbah::testing
