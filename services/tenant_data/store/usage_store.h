#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

// What a count found.
struct UsageCount {
  TenantId tenant;
  // As usage::NameOf says.
  std::string meter;
  int64_t quantity = 0;
};

// A row of a day; also where a page of them begins.
struct DayUsage {
  // Its first midnight, UTC.
  absl::Time day;
  TenantId tenant;
  std::string meter;
  int64_t quantity = 0;
};

struct QuotaSetting {
  TenantId tenant;
  std::string meter;
  // Unset: no limit any more.
  std::optional<uint64_t> most;
  absl::Time set_at;
};

// One meter of one tenant.
struct MeterState {
  std::string meter;
  // At the last count, and when that was; unset: never counted.
  std::optional<int64_t> now;
  std::optional<absl::Time> counted;
  // Over the days of a month.
  int64_t in_month = 0;
  std::optional<uint64_t> most;
};

// tenant_data.usage_* and quota_settings, at home, through the registry's door. Stateless.
class UsageStore {
 public:
  template <typename T>
  using Pending = postgres::Pending<T>;
  using Transaction = postgres::Transaction;

  // When there is something to count and no other replica does: the day before which all is
  // counted. For five minutes; taken again by its holder, it is held on.
  static Pending<std::optional<absl::Time>> Lease(Transaction& tx, Uuid holder, absl::Time now);
  // The turn is over; the next is due then. False for one that somebody else has by now.
  static Pending<bool> EndLease(Transaction& tx, Uuid holder, absl::Time final_before,
                                absl::Time due);
  // The next turn is due now.
  static void CountSoon(Transaction& tx, absl::Time now);
  static Pending<absl::Time> FinalBefore(Transaction& tx);

  // Tenants that are not erased, by their ids.
  static Pending<std::vector<TenantId>> ListTenants(Transaction& tx, TenantId after, int limit);
  // What was found on the day that it is about: only ever raises the day's number, and not of a day
  // that is final.
  static void SaveDay(Transaction& tx, absl::Time day, const std::vector<UsageCount>& counts);
  // What these held at a count before the end of a day on which nobody counted them.
  static void FillDay(Transaction& tx, absl::Time day, const std::vector<TenantId>& tenants,
                      const std::vector<std::string>& held);
  // What is there now.
  static void SaveNow(Transaction& tx, const std::vector<UsageCount>& counts, absl::Time now);
  // By day, tenant and meter, after `after`.
  static Pending<std::vector<DayUsage>> List(Transaction& tx, const DayUsage& after,
                                             absl::Time until, int64_t limit);
  // Each meter that has anything to say of a tenant; its month begins at `month`.
  static Pending<std::vector<MeterState>> OfTenant(Transaction& tx, TenantId tenant,
                                                   absl::Time month);
  // Days before are nobody's business any more.
  static void Forget(Transaction& tx, absl::Time before);

  static void SetQuota(Transaction& tx, const QuotaSetting& quota);
  // Of a meter, as it is set now.
  static Pending<std::optional<QuotaSetting>> FindQuota(Transaction& tx, TenantId tenant,
                                                        const std::string& meter);
  // After `after`, of all tenants that are not closed.
  static Pending<std::vector<QuotaSetting>> ListQuotas(Transaction& tx, const QuotaSetting& after,
                                                       int limit);
  // That there is no limit is in force, unless another was set meanwhile.
  static void ForgetCleared(Transaction& tx, const QuotaSetting& quota);
  // All but the days, which are bills.
  static void EraseTenant(Transaction& tx, TenantId tenant);
};

}  // namespace kasbah::tenantdata
