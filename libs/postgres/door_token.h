#pragma once

#include <string_view>

namespace kasbah::postgres {

// Every way past the ordinary tenant scope is minted here and nowhere else, so that a search for
// this file's names finds each use.

// Login roles that see rows of several tenants, each on a listed few tables.
class DoorToken {
 public:
  // An outbox: carries events out of one service's schema.
  static DoorToken Relay() { return DoorToken("relay"); }
  // audit: writes what the relays bring, many tenants in a flush.
  static DoorToken AuditIngest() { return DoorToken("ingest"); }
  // audit: what of which log is past its retention; archiving, pruning and dropping it.
  static DoorToken AuditUpkeep() { return DoorToken("upkeep"); }
  // audit: incidents, which are the installation's, and whose logs they show in.
  static DoorToken AuditIncidents() { return DoorToken("incidents"); }
  // webhook: takes in change events, claims and finishes deliveries.
  static DoorToken WebhookQueue() { return DoorToken("queue"); }
  // auth: users by e-mail, a table that holds nothing else; revocations and signing keys.
  static DoorToken AuthResolver() { return DoorToken("resolver"); }
  // tenant-data: the list of tenants, for operators.
  static DoorToken TenantRegistry() { return DoorToken("registry"); }
  // tenant-data: whose a host is, a table that holds nothing else, and tenants by slug.
  static DoorToken HostResolver() { return DoorToken("resolver"); }
  // tenant-data: domains due for another look, files to be removed, indexes to be built.
  static DoorToken TenantDataUpkeep() { return DoorToken("upkeep"); }
  // tenant-data: where tenants' records are, and moving them.
  static DoorToken RecordsMover() { return DoorToken("mover"); }
  // vault: root keys, which belong to no tenant.
  static DoorToken VaultRoot() { return DoorToken("root"); }

  // vault: which tenants' secrets are due for something.
  static DoorToken VaultUpkeep() { return DoorToken("upkeep"); }

  // For messages.
  std::string_view name() const { return name_; }

 private:
  explicit DoorToken(std::string_view name) : name_(name) {}
  std::string_view name_;
};

// A tenant that may be suspended: lifecycle, denial events, erasure.
class AnyStateToken {
 public:
  static AnyStateToken ForLifecycle() { return {}; }
  static AnyStateToken ForDenialEvents() { return {}; }
  static AnyStateToken ForErasure() { return {}; }
  // A trail is kept, archived and pruned whether its tenant is suspended or not.
  static AnyStateToken ForRetention() { return {}; }

 private:
  AnyStateToken() = default;
};

// Writes without an audit event of their own.
class UnauditedToken {
 public:
  // Replayed responses of a request_id.
  static UnauditedToken ForIdempotency() { return {}; }
  // Leases and use counters.
  static UnauditedToken ForBookkeeping() { return {}; }
  // The same values under a newer version of their key; the rewrap's own events tell of it.
  static UnauditedToken ForRewrap() { return {}; }

 private:
  UnauditedToken() = default;
};

}  // namespace kasbah::postgres
