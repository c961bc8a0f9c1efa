#pragma once

#include <libpq-fe.h>

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace kasbah::postgres::internal {

// Waits for poll(2) events. False at the deadline.
bool Poll(int socket, short events, absl::Time deadline);

struct ConnectFailure {
  // How far it came: CONNECTION_STARTED before anybody answered, CONNECTION_SSL_STARTUP in TLS.
  ConnStatusType stage = CONNECTION_STARTED;
  bool timed_out = false;
  // libpq's own, for the log.
  std::string message;
};

// Drives what PQconnectStartParams began to its end: nothing once the connection stands.
std::optional<ConnectFailure> FinishConnecting(PGconn* started, absl::Time deadline);

}  // namespace kasbah::postgres::internal
