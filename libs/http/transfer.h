#pragma once

#include <curl/curl.h>

#include <string>

#include "libs/http/client.h"

namespace kasbah::http {

// One request under way: its curl handle, and what came back so far. Used on the client's thread.
class Transfer {
 public:
  Transfer(const ClientOptions& options, ClientRequest request, Client::Callback done,
           absl::Time sent);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Sets the handle up. An error means that the request must not be sent.
  absl::Status Prepare(absl::Time now);
  CURL* handle() { return easy_; }
  // What curl's result means, given what the callbacks saw.
  absl::StatusOr<ClientResponse> Result(CURLcode code);
  void Finish(absl::StatusOr<ClientResponse> result) { std::move(done_)(std::move(result)); }

 private:
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  absl::Status SetHeaders();

  const ClientOptions& options_;
  ClientRequest request_;
  Client::Callback done_;
  absl::Time sent_;
  CURL* easy_;
  curl_slist* headers_ = nullptr;
  ClientResponse response_;
  size_t header_bytes_ = 0;
  // The answer's last header has come: one that breaks off before is none, whatever its status.
  bool headers_ended_ = false;
  bool body_started_ = false;
  bool blocked_ = false;
  bool too_large_ = false;
};

}  // namespace kasbah::http
