#include "libs/http/client.h"

#include <curl/curl.h>

#include <csignal>
#include <deque>
#include <thread>
#include <unordered_map>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/http/transfer.h"

namespace kasbah::http {
namespace {

constexpr int kPollMilliseconds = 1000;

absl::Status Stopped() {
  return Error(absl::StatusCode::kUnavailable, reason::kStopped, "the client is stopping");
}

void SetUpCurl() {
  static const CURLcode code = [] {
    // OpenSSL writes to sockets without MSG_NOSIGNAL: a receiver that hangs up must not end us.
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT);
  }();
  KASBAH_CHECK(code == CURLE_OK);
}

}  // namespace

struct Client::State {
  ClientOptions options;
  CURLM* multi = nullptr;
  std::thread thread;

  absl::Mutex mutex;
  std::deque<std::unique_ptr<Transfer>> incoming ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  // The client's thread only.
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> running;

  void Loop() {
    for (;;) {
      std::deque<std::unique_ptr<Transfer>> fresh;
      bool stop;
      {
        absl::MutexLock lock(&mutex);
        fresh.swap(incoming);
        stop = stopping;
      }
      if (stop) {
        for (auto& transfer : fresh) transfer->Finish(Stopped());
        for (auto& [easy, transfer] : running) {
          curl_multi_remove_handle(multi, easy);
          transfer->Finish(Stopped());
        }
        running.clear();
        return;
      }
      for (auto& transfer : fresh) Begin(std::move(transfer));
      int active = 0;
      KASBAH_CHECK(curl_multi_perform(multi, &active) == CURLM_OK);
      Reap();
      curl_multi_poll(multi, nullptr, 0, kPollMilliseconds, nullptr);
    }
  }

  void Begin(std::unique_ptr<Transfer> transfer) {
    if (absl::Status ready = transfer->Prepare(absl::Now()); !ready.ok()) {
      transfer->Finish(std::move(ready));
      return;
    }
    CURL* easy = transfer->handle();
    KASBAH_CHECK(curl_multi_add_handle(multi, easy) == CURLM_OK);
    running.emplace(easy, std::move(transfer));
  }

  void Reap() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(multi, easy);
      auto node = running.extract(easy);
      KASBAH_CHECK(!node.empty());
      std::unique_ptr<Transfer> transfer = std::move(node.mapped());
      transfer->Finish(transfer->Result(code));
    }
  }
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  SetUpCurl();
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->multi = curl_multi_init();
  KASBAH_CHECK(state->multi != nullptr);
  const long connections = state->options.max_connections;
  curl_multi_setopt(state->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
  curl_multi_setopt(state->multi, CURLMOPT_MAXCONNECTS, connections);
  curl_multi_setopt(state->multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  state->thread = std::thread([raw = state.get()] { raw->Loop(); });
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

Client::~Client() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  curl_multi_wakeup(state_->multi);
  state_->thread.join();
  curl_multi_cleanup(state_->multi);
}

void Client::Send(ClientRequest request, Callback done) {
  auto transfer =
      std::make_unique<Transfer>(state_->options, std::move(request), std::move(done), absl::Now());
  {
    absl::MutexLock lock(&state_->mutex);
    state_->incoming.push_back(std::move(transfer));
  }
  curl_multi_wakeup(state_->multi);
}

absl::StatusOr<ClientResponse> Client::SendAndWait(ClientRequest request) {
  absl::Notification done;
  absl::StatusOr<ClientResponse> result = Stopped();
  Send(std::move(request), [&](absl::StatusOr<ClientResponse> r) {
    result = std::move(r);
    done.Notify();
  });
  done.WaitForNotification();
  return result;
}

}  // namespace kasbah::http
