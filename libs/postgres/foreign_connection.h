#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah::postgres {

// Why a database that is not ours did not do what it was asked: the reason of the status.
namespace reason {
inline constexpr std::string_view kTargetUnreachable = "TARGET_UNREACHABLE";
inline constexpr std::string_view kTargetTimeout = "TARGET_TIMEOUT";
inline constexpr std::string_view kTargetTlsFailed = "TARGET_TLS_FAILED";
// It answered, and did not let us in: user, password, database or pg_hba.conf.
inline constexpr std::string_view kTargetRefused = "TARGET_REFUSED";
// The admin user may not do this (42501).
inline constexpr std::string_view kTargetForbidden = "TARGET_FORBIDDEN";
// A role that does not exist (42704).
inline constexpr std::string_view kTargetRoleMissing = "TARGET_ROLE_MISSING";
// Objects in another of its databases belong to the role (2BP01).
inline constexpr std::string_view kTargetObjectsLeft = "TARGET_OBJECTS_LEFT";
// Anything else; the message has the SQLSTATE.
inline constexpr std::string_view kTargetFailed = "TARGET_FAILED";
}  // namespace reason

struct ForeignDatabase {
  // What its certificate is for.
  std::string host;
  // Where to dial, numeric: addresses that were checked. In this order.
  std::vector<std::string> addresses;
  uint32_t port = 5432;
  std::string database;
  std::string user;
  // TLS with the certificate verified; without, nothing of the connection is protected.
  bool verify_tls = true;
  // PEM; empty: the system's roots.
  std::string ca;
  std::string application_name;
};

// A connection to a PostgreSQL that somebody else owns and names, such as a tenant's own. It may be
// slow, down or lying: each step has a deadline, the bytes taken from it are bounded, and nothing
// it says reaches a log or an error but a SQLSTATE. Takes nothing from the environment or a home
// directory. Not thread safe.
class ForeignConnection {
 public:
  // UNAVAILABLE: kTargetUnreachable, kTargetTimeout; FAILED_PRECONDITION: kTargetTlsFailed,
  // kTargetRefused.
  static absl::StatusOr<std::unique_ptr<ForeignConnection>> Connect(const ForeignDatabase& target,
                                                                    std::string_view password,
                                                                    absl::Time deadline);
  ~ForeignConnection();

  using Row = std::vector<std::optional<std::string>>;
  // One statement with text parameters; at most 10,000 rows. UNAVAILABLE where the connection
  // breaks, which leaves open what the server did; FAILED_PRECONDITION with the other reasons.
  absl::StatusOr<std::vector<Row>> Query(const std::string& sql,
                                         const std::vector<std::string>& params,
                                         absl::Time deadline);
  // Statements that take no parameters, joined by ";": all of them or none. What is put in goes
  // through QuoteName and QuoteText.
  absl::Status Execute(const std::string& sql, absl::Time deadline);

  // FAILED_PRECONDITION for what is no text of the connection's encoding.
  absl::StatusOr<std::string> QuoteName(std::string_view name) const;
  absl::StatusOr<std::string> QuoteText(std::string_view text) const;
  // SCRAM-SHA-256 (RFC 7677) of a password, made here: the server never sees the password, nor does
  // its log.
  absl::StatusOr<std::string> ScramVerifier(const std::string& user,
                                            const std::string& password) const;

 private:
  explicit ForeignConnection(PGconn* connection) : connection_(connection) {}
  absl::Status Send(bool sent, absl::Time deadline);
  absl::StatusOr<std::vector<Row>> Receive(absl::Time deadline);
  absl::Status Wait(short events, absl::Time deadline);

  PGconn* const connection_;
};

}  // namespace kasbah::postgres
