#pragma once

#include <memory>
#include <string>

namespace kasbah::bench {

// The baseline of every RPC: gRPC's callback API over our mutual TLS with nothing behind it. Runs
// in a process of its own, as the services do.
class EchoServer {
 public:
  static std::unique_ptr<EchoServer> Start(const std::string& certificate_directory);
  ~EchoServer();
  // "127.0.0.1:40001".
  const std::string& address() const { return address_; }

 private:
  EchoServer() = default;
  int pid_ = 0;
  std::string address_;
};

// What the child process runs; returns never.
[[noreturn]] void ServeEcho(const std::string& certificate_directory, int port_pipe);

}  // namespace kasbah::bench
