#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/postgres/connect_settings.h"

namespace kasbah::postgres::internal {

// One connection in pipeline mode. libpqxx opens and closes it; requests use the libpq handle below
// it, since libpqxx has no prepared statements in its pipeline. Not thread safe.
class Connection {
 public:
  // Connects by `deadline`, within the settings' own time limit. `*why` is libpq's message for the
  // log; the status is for callers.
  static absl::StatusOr<std::unique_ptr<Connection>> Connect(const ConnectSettings& settings,
                                                             absl::Time deadline, std::string* why);
  ~Connection();

  PGconn* handle() const;

  // What keeps a service from running on this server with this role, a line each. Only before
  // StartPipeline.
  absl::StatusOr<std::vector<std::string>> Faults();
  absl::Status StartPipeline();

  // Waits until the socket is readable (or writable, when asked). False at the deadline.
  bool Wait(bool for_write, absl::Time deadline) const;

  // Whether the server said anything since the last use: it closed the connection, or is about to.
  bool HasUnreadInput() const;

  // Open, outside a transaction, nothing sent that was not answered.
  bool IsIdle() const;
  void MarkBroken() { broken_ = true; }
  void MarkBusy(bool busy) { busy_ = busy; }

  // Statements that were prepared here, with the parameter types of the first use.
  struct Prepared {
    std::string sql;
    std::vector<Oid> types;
  };
  const Prepared* FindPrepared(std::string_view name) const;
  void AddPrepared(std::string_view name, Prepared prepared);
  void DropPrepared(std::string_view name);
  // What a composed query of that text is prepared as: the same until ForgetPrepared.
  const std::string& NameOfShape(const std::string& sql);
  // Every plan is stale: the next transaction deallocates them first.
  void ForgetPrepared();
  // Whether that is due; then no longer. So it is, too, where composed queries had too many shapes.
  bool TakeDeallocate();

 private:
  // Text of composed queries that are kept prepared: 30 to 50 of lists, of long filters fewer. The
  // server needs some 50 times as much for them.
  static constexpr size_t kMostShapeBytes = size_t{128} << 10;
  struct Link;
  explicit Connection(std::unique_ptr<Link> link);

  std::unique_ptr<Link> link_;
  absl::flat_hash_map<std::string, Prepared> prepared_;
  // By text.
  absl::node_hash_map<std::string, std::string> shapes_;
  size_t shape_bytes_ = 0;
  bool deallocate_ = false;
  bool busy_ = false;
  bool broken_ = false;
};

}  // namespace kasbah::postgres::internal
