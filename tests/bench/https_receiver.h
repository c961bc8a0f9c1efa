#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace kasbah::bench {

// An HTTPS server on loopback that answers 200 to everything and keeps connections open, a thread
// each: where webhooks go. Its certificate is its own, for 127.0.0.1.
class HttpsReceiver {
 public:
  // Writes its certificate to `ca_file`, for those who are to trust it.
  static std::unique_ptr<HttpsReceiver> Start(const std::string& ca_file);
  // With the process: connections' threads are not waited for.
  ~HttpsReceiver() = default;

  const std::string& url() const { return url_; }
  int64_t received() const { return received_.load(); }

 private:
  HttpsReceiver() = default;
  void Accept(int listener);
  void Serve(int connection);

  std::string url_;
  std::atomic<int64_t> received_{0};
  void* context_ = nullptr;
};

}  // namespace kasbah::bench
