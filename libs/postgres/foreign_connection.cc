#include "libs/postgres/foreign_connection.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/poll.h"

namespace kasbah::postgres {
namespace {

constexpr char kSystemRoots[] = "/etc/ssl/certs/ca-certificates.crt";
// libpq looks for a client certificate in the home directory unless it is told of one; this path
// cannot exist.
constexpr char kNoFile[] = "/dev/null/none";
constexpr uint64_t kMostBytes = 4 << 20;
constexpr size_t kMostRows = 10'000;

absl::Status Unavailable(std::string_view reason, std::string_view message) {
  return Error(absl::StatusCode::kUnavailable, reason, message);
}
absl::Status Refused(std::string_view reason, std::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message);
}

absl::Status TimedOut() {
  return Unavailable(reason::kTargetTimeout, "the database did not answer in time");
}

absl::Status Explain(const internal::ConnectFailure& failure) {
  if (failure.timed_out) return TimedOut();
  switch (failure.stage) {
    case CONNECTION_SSL_STARTUP:
      return Refused(reason::kTargetTlsFailed,
                     "TLS with the database failed: it has none, or its certificate is not from "
                     "this CA or not for this host");
    case CONNECTION_AWAITING_RESPONSE:
    case CONNECTION_AUTH_OK:
    case CONNECTION_CHECK_WRITABLE:
    case CONNECTION_CHECK_TARGET:
    case CONNECTION_CHECK_STANDBY:
      return Refused(reason::kTargetRefused,
                     "the database does not let the admin user in: its name, its password, the "
                     "database's name or pg_hba.conf");
    default:
      return Unavailable(reason::kTargetUnreachable, "the database cannot be reached");
  }
}

std::string SqlStateOf(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  std::string text = state == nullptr ? "" : state;
  const bool plain = text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
                       return absl::ascii_isalnum(static_cast<unsigned char>(c));
                     });
  return plain ? text : "none";
}

absl::Status ConnectionLost() {
  return Unavailable(reason::kTargetUnreachable, "the connection to the database was lost");
}

absl::Status Explain(const PGresult* result) {
  const std::string state = SqlStateOf(result);
  // It ends, or ended this session.
  if (state.starts_with("57P0") || state.starts_with("08")) return ConnectionLost();
  if (state == "42501") {
    return Refused(reason::kTargetForbidden, "the admin user may not do this in the database");
  }
  if (state == "42704") return Refused(reason::kTargetRoleMissing, "the role is not there");
  if (state == "2BP01") {
    return Refused(reason::kTargetObjectsLeft,
                   "objects in another database of this server belong to the login");
  }
  if (state == "57014" || state == "55P03") return TimedOut();
  return Refused(reason::kTargetFailed, StrCat("the database refused: SQLSTATE ", state));
}

// A PEM that libpq can read as a file and that never is one.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& content)
      : descriptor_(memfd_create("ca", MFD_CLOEXEC)), path_(StrCat("/proc/self/fd/", descriptor_)) {
    KASBAH_CHECK(descriptor_ >= 0);
    size_t written = 0;
    while (written < content.size()) {
      const ssize_t n = write(descriptor_, content.data() + written, content.size() - written);
      KASBAH_CHECK(n > 0);
      written += static_cast<size_t>(n);
    }
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  const int descriptor_;
  const std::string path_;
};

template <typename T>
std::string Repeated(const T& value, size_t times) {
  return absl::StrJoin(std::vector<std::string>(times, StrCat(value)), ",");
}

PGconn* Start(const ForeignDatabase& target, std::string_view password, const std::string& roots) {
  const size_t hosts = target.addresses.size();
  const std::vector<std::pair<const char*, std::string>> parameters = {
      {"host", Repeated(target.host, hosts)},
      {"hostaddr", absl::StrJoin(target.addresses, ",")},
      {"port", Repeated(target.port, hosts)},
      {"dbname", target.database},
      {"user", target.user},
      {"password", std::string(password)},
      {"passfile", kNoFile},
      {"sslmode", target.verify_tls ? "verify-full" : "disable"},
      {"sslrootcert", roots},
      {"sslcert", kNoFile},
      {"sslkey", kNoFile},
      {"ssl_min_protocol_version", "TLSv1.2"},
      {"gssencmode", "disable"},
      {"target_session_attrs", "any"},
      {"client_encoding", "UTF8"},
      {"application_name", target.application_name},
      {"options", " "},
      {"tcp_user_timeout", "10000"},
  };
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(keywords.data(), values.data(), /*expand_dbname=*/0);
}

void IgnoreNotice(void*, const PGresult*) {}

}  // namespace

ForeignConnection::~ForeignConnection() { PQfinish(connection_); }

absl::StatusOr<std::unique_ptr<ForeignConnection>> ForeignConnection::Connect(
    const ForeignDatabase& target, std::string_view password, absl::Time deadline) {
  if (target.addresses.empty()) {
    return Unavailable(reason::kTargetUnreachable, "the database has no address");
  }
  const MemoryFile ca(target.ca);
  std::unique_ptr<ForeignConnection> opened(new ForeignConnection(
      Start(target, password, target.ca.empty() ? std::string(kSystemRoots) : ca.path())));
  KASBAH_CHECK(opened->connection_ != nullptr);
  PQsetNoticeReceiver(opened->connection_, IgnoreNotice, nullptr);
  if (const auto failure = internal::FinishConnecting(opened->connection_, deadline)) {
    return Explain(*failure);
  }
  if (PQsetnonblocking(opened->connection_, 1) != 0) return ConnectionLost();
  // Nothing that others put into a schema is found by name; nothing waits for ever over there.
  RETURN_IF_ERROR(opened->Execute(
      "SET search_path = ''; SET lock_timeout = '5s'; SET statement_timeout = '20s'", deadline));
  return opened;
}

absl::Status ForeignConnection::Wait(short events, absl::Time deadline) {
  if (!internal::Poll(PQsocket(connection_), events, deadline)) return TimedOut();
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(PQsocket(connection_), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
      info.tcpi_bytes_received > kMostBytes) {
    return Refused(reason::kTargetFailed, "the database sent more than anybody asked for");
  }
  return absl::OkStatus();
}

absl::Status ForeignConnection::Send(bool sent, absl::Time deadline) {
  if (!sent) return ConnectionLost();
  for (;;) {
    const int flushed = PQflush(connection_);
    if (flushed == 0) return absl::OkStatus();
    if (flushed < 0) return ConnectionLost();
    RETURN_IF_ERROR(Wait(POLLIN | POLLOUT, deadline));
    if (PQconsumeInput(connection_) != 1) return ConnectionLost();
  }
}

absl::StatusOr<std::vector<ForeignConnection::Row>> ForeignConnection::Receive(
    absl::Time deadline) {
  std::vector<Row> rows;
  absl::Status failure;
  for (;;) {
    while (PQisBusy(connection_)) {
      RETURN_IF_ERROR(Wait(POLLIN, deadline));
      if (PQconsumeInput(connection_) != 1) return ConnectionLost();
    }
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQgetResult(connection_), &PQclear);
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK) {
      const int count = PQntuples(result.get());
      for (int r = 0; r < count && rows.size() < kMostRows; ++r) {
        Row& row = rows.emplace_back();
        for (int c = 0; c < PQnfields(result.get()); ++c) {
          if (PQgetisnull(result.get(), r, c)) {
            row.push_back(std::nullopt);
          } else {
            row.push_back(PQgetvalue(result.get(), r, c));
          }
        }
      }
    } else if (status != PGRES_COMMAND_OK) {
      failure.Update(PQstatus(connection_) == CONNECTION_OK ? Explain(result.get())
                                                            : ConnectionLost());
      // Nobody asked for a copy: what follows is no answer of ours.
      if (status != PGRES_FATAL_ERROR) return failure;
    }
  }
  RETURN_IF_ERROR(failure);
  return rows;
}

absl::StatusOr<std::vector<ForeignConnection::Row>> ForeignConnection::Query(
    const std::string& sql, const std::vector<std::string>& params, absl::Time deadline) {
  std::vector<const char*> values;
  for (const std::string& param : params) values.push_back(param.c_str());
  RETURN_IF_ERROR(
      Send(PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                             values.data(), nullptr, nullptr, /*resultFormat=*/0) == 1,
           deadline));
  return Receive(deadline);
}

absl::Status ForeignConnection::Execute(const std::string& sql, absl::Time deadline) {
  RETURN_IF_ERROR(Send(PQsendQuery(connection_, sql.c_str()) == 1, deadline));
  return Receive(deadline).status();
}

namespace {

absl::StatusOr<std::string> Taken(char* text) {
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(text, &PQfreemem);
  if (owned == nullptr) return Refused(reason::kTargetFailed, "not a text that can be sent");
  return std::string(owned.get());
}

}  // namespace

absl::StatusOr<std::string> ForeignConnection::QuoteName(std::string_view name) const {
  return Taken(PQescapeIdentifier(connection_, name.data(), name.size()));
}

absl::StatusOr<std::string> ForeignConnection::QuoteText(std::string_view text) const {
  return Taken(PQescapeLiteral(connection_, text.data(), text.size()));
}

absl::StatusOr<std::string> ForeignConnection::ScramVerifier(const std::string& user,
                                                             const std::string& password) const {
  return Taken(PQencryptPasswordConn(connection_, password.c_str(), user.c_str(), "scram-sha-256"));
}

}  // namespace kasbah::postgres
