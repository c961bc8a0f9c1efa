#include "libs/dns/txt_resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/dns/txt_answer.h"

namespace kasbah::dns {
namespace {

constexpr int kEdnsBytes = 1232;
constexpr int kTries = 2;

// A question on its way.
struct Question {
  std::string name;
  std::optional<TxtResolver::Answer> answer;
};

TxtResolver::Answer ToAnswer(const std::string& name, int status, const unsigned char* message,
                             int size) {
  // The bit that tells an answer from a question, which c-ares does not look at.
  if (size > 2 && (message[2] & 0x80) == 0) return DnsFailed("it sends the question back");
  switch (status) {
    case ARES_SUCCESS:
      return ParseTxtAnswer(name, std::string_view(reinterpret_cast<const char*>(message),
                                                   static_cast<size_t>(size)));
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
      return std::vector<std::string>();
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:
      return DnsFailed("no answer came in time");
    case ARES_ECONNREFUSED:
      return DnsFailed("the resolver cannot be reached, or refuses");
    case ARES_ESERVFAIL:
      return DnsFailed("the resolver could not find out (SERVFAIL)");
    default:
      return DnsFailed(ares_strerror(status));
  }
}

void OnAnswer(void* question, int status, int /*timeouts*/, unsigned char* message, int size) {
  Question& asked = *static_cast<Question*>(question);
  asked.answer = ToAnswer(asked.name, status, message, size);
}

// One call's sockets and timers.
class Channel {
 public:
  explicit Channel(const ResolverOptions& options) {
    // Once in the process: c-ares counts users without a lock.
    static const int initialised = ares_library_init(ARES_LIB_INIT_ALL);
    KASBAH_CHECK(initialised == ARES_SUCCESS);
    ares_options settings{};
    settings.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
    settings.ednspsz = kEdnsBytes;
    settings.tries = kTries;
    // The second try waits twice as long: three quarters of the time, and a quarter for TCP.
    settings.timeout =
        std::max(1, static_cast<int>(absl::ToInt64Milliseconds(options.timeout) / 4));
    const int made =
        ares_init_options(&channel_, &settings,
                          ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS);
    KASBAH_CHECK(made == ARES_SUCCESS);
    is_set_up_ = options.resolver.empty() ||
                 ares_set_servers_ports_csv(channel_, options.resolver.c_str()) == ARES_SUCCESS;
  }
  ~Channel() { ares_destroy(channel_); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool is_set_up() const { return is_set_up_; }

  void Ask(Question* question) {
    ares_query(channel_, question->name.c_str(), ns_c_in, ns_t_txt, OnAnswer, question);
  }

  // Until every question is answered, or the deadline.
  void Wait(absl::Time deadline) {
    while (true) {
      std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
      const auto bits = static_cast<unsigned>(
          ares_getsock(channel_, sockets.data(), static_cast<int>(sockets.size())));
      // Sockets are closed with the last question.
      if (bits == 0) return;
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return ares_cancel(channel_);
      ProcessOnce(bits, sockets, left);
    }
  }

 private:
  using Sockets = std::array<ares_socket_t, ARES_GETSOCK_MAXNUM>;

  void ProcessOnce(unsigned bits, const Sockets& sockets, absl::Duration left) {
    std::array<pollfd, ARES_GETSOCK_MAXNUM> polled{};
    nfds_t count = 0;
    for (size_t i = 0; i < sockets.size(); ++i) {
      const bool reads = (bits >> i & 1U) != 0;
      const bool writes = (bits >> (i + ARES_GETSOCK_MAXNUM) & 1U) != 0;
      if (!reads && !writes) continue;
      polled[count].fd = sockets[i];
      polled[count].events = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
      ++count;
    }
    timeval longest = absl::ToTimeval(left);
    timeval next{};
    const timeval* wait = ares_timeout(channel_, &longest, &next);
    // Rounded up, so as not to spin through the last millisecond.
    const auto millis = absl::ToInt64Milliseconds(absl::DurationFromTimeval(*wait)) + 1;
    if (poll(polled.data(), count, static_cast<int>(millis)) <= 0) {
      ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      return;
    }
    for (nfds_t i = 0; i < count; ++i) {
      const short happened = polled[i].revents;
      if (happened == 0) continue;
      const bool reads = (happened & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool writes = (happened & (POLLOUT | POLLERR | POLLHUP)) != 0;
      ares_process_fd(channel_, reads ? polled[i].fd : ARES_SOCKET_BAD,
                      writes ? polled[i].fd : ARES_SOCKET_BAD);
    }
  }

  ares_channel channel_ = nullptr;
  bool is_set_up_ = false;
};

// c-ares cuts a port that is too large down to one that is not meant.
bool HasPlausiblePorts(const std::string& resolvers) {
  for (const std::string& one : std::vector<std::string>(absl::StrSplit(resolvers, ','))) {
    const size_t colon = one.rfind(':');
    const bool is_bare_v6 = one.find(':') != colon && one.find(']') == std::string::npos;
    if (colon == std::string::npos || is_bare_v6 || one.back() == ']') continue;
    int port = 0;
    if (!absl::SimpleAtoi(one.substr(colon + 1), &port) || port < 1 || port > 65535) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TxtResolver>> TxtResolver::Create(const ResolverOptions& options) {
  if (!HasPlausiblePorts(options.resolver) || !Channel(options).is_set_up()) {
    return absl::InvalidArgumentError(
        ToAbsl(StrCat("\"", options.resolver, "\" is not an address and port")));
  }
  return std::unique_ptr<TxtResolver>(new TxtResolver(options));
}

std::vector<TxtResolver::Answer> TxtResolver::Lookup(const std::vector<std::string>& names,
                                                     absl::Time deadline) const {
  // Not moved once asked: c-ares holds on to each. Destroyed after the channel, which may still
  // answer.
  std::vector<Question> questions;
  questions.reserve(names.size());
  {
    Channel channel(options_);
    for (const std::string& name : names) {
      questions.push_back({name, std::nullopt});
      channel.Ask(&questions.back());
    }
    channel.Wait(std::min(deadline, absl::Now() + options_.timeout));
  }
  std::vector<Answer> answers;
  for (Question& question : questions) {
    answers.push_back(question.answer.has_value() ? *std::move(question.answer)
                                                  : Answer(DnsFailed("no answer came in time")));
  }
  return answers;
}

}  // namespace kasbah::dns
