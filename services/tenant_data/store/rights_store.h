#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/rights_operation.h"

namespace kasbah::tenantdata {

// tenant_data.rights_*, within a transaction of their tenant unless said otherwise. Stateless.
class RightsStore {
 public:
  template <typename T>
  using Pending = postgres::Pending<T>;
  using Transaction = postgres::Transaction;

  // FAILED_PRECONDITION, TOO_MANY_EXPORTS, for one export more than a tenant may have;
  // ALREADY_EXISTS for a tenant's second erasure.
  static void Insert(Transaction& tx, const RightsOperation& operation);
  // NOT_FOUND.
  static Pending<RightsOperation> Get(Transaction& tx, TenantId tenant, OperationId id);
  static Pending<RightsOperation> GetForUpdate(Transaction& tx, TenantId tenant, OperationId id);
  // Newest first.
  static Pending<std::vector<RightsOperation>> List(Transaction& tx, TenantId tenant, int limit);
  // Operations about a subject that run.
  static Pending<std::vector<OperationId>> FindAbout(Transaction& tx, TenantId tenant,
                                                     const std::string& subject);
  // Exports that run, or have an archive.
  static Pending<std::vector<OperationId>> ListExports(Transaction& tx, TenantId tenant);

  // To another place, `operation` being where it was: false when it is not there any more, since
  // somebody ended it or another replica went on with it. Renews the lease.
  static Pending<bool> Move(Transaction& tx, const RightsOperation& operation, size_t step,
                            const std::string& cursor, absl::Time now, absl::Time lease_until);
  // Not running any more: false when it was not. Whom it was about is forgotten.
  static Pending<bool> End(Transaction& tx, TenantId tenant, OperationId id, RightsState state,
                           std::string_view error, absl::Time now,
                           std::optional<absl::Time> expires);
  // The archive of one that is done is gone.
  static void ForgetArchive(Transaction& tx, TenantId tenant, OperationId id);

  // A piece that is on its way, then part of the archive, until `due`.
  static void BeginPiece(Transaction& tx, TenantId tenant, OperationId id, FileId piece,
                         int64_t size, std::string_view data_key, absl::Time now, absl::Time due);
  static void AddMember(Transaction& tx, TenantId tenant, OperationId id,
                        const ArchiveMember& member, std::string_view piece_sha256, absl::Time due);
  // All pieces of an archive stay until then.
  static void KeepPieces(Transaction& tx, TenantId tenant, OperationId id, absl::Time due);
  // Nobody can open them from here on; the upkeep takes their objects away.
  static Pending<int64_t> DropPieces(Transaction& tx, TenantId tenant, OperationId id,
                                     absl::Time now);
  static Pending<std::vector<ArchiveMember>> ListMembers(Transaction& tx, TenantId tenant,
                                                         OperationId id);
  // How many begin with `prefix`, by which the next is numbered.
  static Pending<int64_t> CountMembers(Transaction& tx, TenantId tenant, OperationId id,
                                       const std::string& prefix);

  static void AddCounts(Transaction& tx, TenantId tenant, OperationId id,
                        const std::vector<RightsCount>& counts);
  static Pending<std::vector<RightsCount>> ListCounts(Transaction& tx, TenantId tenant,
                                                      OperationId id);
};

// Through the upkeep's door, which sees which operations wait and whose they are, and nothing more.
struct DueOperation {
  TenantId tenant;
  OperationId id;
};
postgres::Pending<std::vector<DueOperation>> ClaimDueOperations(postgres::Transaction& tx,
                                                                absl::Time now, absl::Time until,
                                                                int limit);
// Holds it on, or lets it go until `until`, for a reason or none.
void HoldOperation(postgres::Transaction& tx, const DueOperation& operation,
                   std::string_view waiting_for, absl::Time until);

}  // namespace kasbah::tenantdata
