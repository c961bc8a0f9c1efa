#include "libs/postgres/poll.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "absl/time/clock.h"

namespace kasbah::postgres::internal {

bool Poll(int socket, short events, absl::Time deadline) {
  for (;;) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    const int64_t millis = std::min<int64_t>(
        absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))), 60'000);
    pollfd entry{socket, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(millis));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
  }
}

std::optional<ConnectFailure> FinishConnecting(PGconn* started, absl::Time deadline) {
  ConnStatusType stage = CONNECTION_STARTED;
  const auto failed = [&] { return ConnectFailure{stage, false, PQerrorMessage(started)}; };
  if (PQstatus(started) == CONNECTION_BAD) return failed();
  for (PostgresPollingStatusType next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;
       next = PQconnectPoll(started)) {
    if (next == PGRES_POLLING_FAILED) return failed();
    stage = PQstatus(started);
    if (!Poll(PQsocket(started), next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
      return ConnectFailure{stage, true, "no answer in time"};
    }
  }
  return std::nullopt;
}

}  // namespace kasbah::postgres::internal
