#include "services/tenant_data/store/usage_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Result;
using postgres::Row;
using postgres::Statement;

constexpr Statement kLease{"usage.lease",
                           "UPDATE tenant_data.usage_state SET holder = $1, "
                           "lease_until = now() + interval '5 minutes' "
                           "WHERE due_at <= $2 AND (holder = $1 OR lease_until < now()) "
                           "RETURNING final_before",
                           Access::kWrite};
constexpr Statement kEndLease{"usage.end_lease",
                              "UPDATE tenant_data.usage_state SET final_before = $2, due_at = $3, "
                              "lease_until = '-infinity' WHERE holder = $1 RETURNING 1",
                              Access::kWrite};
constexpr Statement kCountSoon{"usage.count_soon",
                               "UPDATE tenant_data.usage_state SET due_at = least(due_at, $1)",
                               Access::kWrite};
constexpr Statement kFinalBefore{"usage.final_before",
                                 "SELECT final_before FROM tenant_data.usage_state"};

constexpr Statement kListTenants{
    "usage.list_tenants",
    "SELECT tenant_id FROM core.tenants WHERE tenant_id > $1 AND slug <> '-system' "
    "AND erased_at IS NULL ORDER BY tenant_id LIMIT $2"};

constexpr Statement kSaveDay{
    "usage.save_day",
    "INSERT INTO tenant_data.usage_days AS u (tenant_id, day, meter, quantity) "
    "SELECT tenant_id, $4, meter, quantity FROM unnest($1, $2, $3) AS g (tenant_id, meter, "
    "quantity) WHERE quantity > 0 AND $4 >= (SELECT final_before FROM tenant_data.usage_state) "
    "ON CONFLICT (tenant_id, day, meter) "
    "DO UPDATE SET quantity = excluded.quantity WHERE u.quantity < excluded.quantity",
    Access::kWrite};

constexpr Statement kFillDay{"usage.fill_day",
                             "INSERT INTO tenant_data.usage_days (tenant_id, day, meter, quantity) "
                             "SELECT tenant_id, $1, meter, quantity FROM tenant_data.usage_now "
                             "WHERE tenant_id = ANY ($2) AND meter = ANY ($3) AND quantity > 0 "
                             "AND counted_at < $1 + interval '1 day' ON CONFLICT DO NOTHING",
                             Access::kWrite};

constexpr Statement kSaveNow{
    "usage.save_now",
    "INSERT INTO tenant_data.usage_now (tenant_id, meter, quantity, counted_at) "
    "SELECT tenant_id, meter, quantity, $4 FROM unnest($1, $2, $3) AS g (tenant_id, meter, "
    "quantity) ON CONFLICT (tenant_id, meter) "
    "DO UPDATE SET quantity = excluded.quantity, counted_at = excluded.counted_at",
    Access::kWrite};

constexpr Statement kList{"usage.list",
                          "SELECT day, tenant_id, meter, quantity FROM tenant_data.usage_days "
                          "WHERE (day, tenant_id, meter) > ($1, $2, $3) AND day < $4 "
                          "ORDER BY day, tenant_id, meter LIMIT $5"};

constexpr Statement kOfTenant{
    "usage.of_tenant",
    "SELECT meter, n.quantity, n.counted_at, coalesce(d.quantity, 0)::bigint, q.most FROM "
    "(SELECT meter, quantity, counted_at FROM tenant_data.usage_now WHERE tenant_id = $1) n "
    "FULL JOIN (SELECT meter, sum(quantity) AS quantity FROM tenant_data.usage_days "
    " WHERE tenant_id = $1 AND day >= $2 GROUP BY meter) d USING (meter) "
    "FULL JOIN (SELECT meter, most FROM tenant_data.quota_settings WHERE tenant_id = $1) q "
    "USING (meter)"};

constexpr Statement kForget{"usage.forget", "DELETE FROM tenant_data.usage_days WHERE day < $1",
                            Access::kWrite};

#define KASBAH_QUOTA \
  "SELECT q.tenant_id, q.meter, q.most, q.set_at FROM tenant_data.quota_settings q "

constexpr Statement kSetQuota{
    "usage.set_quota",
    "INSERT INTO tenant_data.quota_settings (tenant_id, meter, most, set_at) "
    "VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, meter) "
    "DO UPDATE SET most = excluded.most, set_at = excluded.set_at",
    Access::kWrite};
constexpr Statement kFindQuota{"usage.find_quota",
                               KASBAH_QUOTA "WHERE q.tenant_id = $1 AND q.meter = $2"};
constexpr Statement kListQuotas{
    "usage.list_quotas", KASBAH_QUOTA
    "JOIN core.tenants t ON t.tenant_id = q.tenant_id AND t.state <> 'closed' "
    "WHERE (q.tenant_id, q.meter) > ($1, $2) ORDER BY q.tenant_id, q.meter LIMIT $3"};
constexpr Statement kForgetCleared{
    "usage.forget_cleared",
    "DELETE FROM tenant_data.quota_settings WHERE tenant_id = $1 AND meter = $2 "
    "AND most IS NULL AND set_at = $3",
    Access::kWrite};
constexpr Statement kEraseTenant{
    "usage.erase_tenant",
    "WITH quotas AS (DELETE FROM tenant_data.quota_settings WHERE tenant_id = $1) "
    "DELETE FROM tenant_data.usage_now WHERE tenant_id = $1",
    Access::kWrite};

#undef KASBAH_QUOTA

QuotaSetting ReadQuota(const Row& row) {
  return {row.Get<TenantId>(0), row.Get<std::string>(1), row.Get<std::optional<uint64_t>>(2),
          row.Get<absl::Time>(3)};
}

// Counts as the arrays that a statement takes them in.
struct Columns {
  explicit Columns(const std::vector<UsageCount>& counts) {
    for (const UsageCount& count : counts) {
      tenants.push_back(count.tenant);
      meters.push_back(count.meter);
      quantities.push_back(count.quantity);
    }
  }
  std::vector<TenantId> tenants;
  std::vector<std::string> meters;
  std::vector<int64_t> quantities;
};

template <typename T, typename F>
std::vector<T> ReadAll(const Result& rows, F read) {
  std::vector<T> all;
  for (const Row& row : rows) all.push_back(read(row));
  return all;
}

}  // namespace

postgres::Pending<std::optional<absl::Time>> UsageStore::Lease(Transaction& tx, Uuid holder,
                                                               absl::Time now) {
  return tx.Run(kLease, holder, now).Map([](const Result& rows) -> std::optional<absl::Time> {
    if (rows.empty()) return std::nullopt;
    return rows[0].Get<absl::Time>(0);
  });
}

postgres::Pending<bool> UsageStore::EndLease(Transaction& tx, Uuid holder, absl::Time final_before,
                                             absl::Time due) {
  return tx.Run(kEndLease, holder, final_before, due).Map([](const Result& rows) {
    return !rows.empty();
  });
}

void UsageStore::CountSoon(Transaction& tx, absl::Time now) { tx.Run(kCountSoon, now); }

postgres::Pending<absl::Time> UsageStore::FinalBefore(Transaction& tx) {
  return tx.RunForOne(kFinalBefore, "state", [](const Row& row) { return row.Get<absl::Time>(0); });
}

postgres::Pending<std::vector<TenantId>> UsageStore::ListTenants(Transaction& tx, TenantId after,
                                                                 int limit) {
  return tx.Run(kListTenants, after, limit).Map([](const Result& rows) {
    return ReadAll<TenantId>(rows, [](const Row& row) { return row.Get<TenantId>(0); });
  });
}

void UsageStore::SaveDay(Transaction& tx, absl::Time day, const std::vector<UsageCount>& counts) {
  const Columns columns(counts);
  tx.Run(kSaveDay, columns.tenants, columns.meters, columns.quantities, day);
}

void UsageStore::FillDay(Transaction& tx, absl::Time day, const std::vector<TenantId>& tenants,
                         const std::vector<std::string>& held) {
  tx.Run(kFillDay, day, tenants, held);
}

void UsageStore::SaveNow(Transaction& tx, const std::vector<UsageCount>& counts, absl::Time now) {
  const Columns columns(counts);
  tx.Run(kSaveNow, columns.tenants, columns.meters, columns.quantities, now);
}

postgres::Pending<std::vector<DayUsage>> UsageStore::List(Transaction& tx, const DayUsage& after,
                                                          absl::Time until, int64_t limit) {
  return tx.Run(kList, after.day, after.tenant, after.meter, until, limit)
      .Map([](const Result& rows) {
        return ReadAll<DayUsage>(rows, [](const Row& row) {
          return DayUsage{row.Get<absl::Time>(0), row.Get<TenantId>(1), row.Get<std::string>(2),
                          row.Get<int64_t>(3)};
        });
      });
}

postgres::Pending<std::vector<MeterState>> UsageStore::OfTenant(Transaction& tx, TenantId tenant,
                                                                absl::Time month) {
  return tx.Run(kOfTenant, tenant, month).Map([](const Result& rows) {
    return ReadAll<MeterState>(rows, [](const Row& row) {
      return MeterState{row.Get<std::string>(0), row.Get<std::optional<int64_t>>(1),
                        row.Get<std::optional<absl::Time>>(2), row.Get<int64_t>(3),
                        row.Get<std::optional<uint64_t>>(4)};
    });
  });
}

void UsageStore::Forget(Transaction& tx, absl::Time before) { tx.Run(kForget, before); }

void UsageStore::SetQuota(Transaction& tx, const QuotaSetting& quota) {
  tx.Run(kSetQuota, quota.tenant, quota.meter, quota.most, quota.set_at);
}

postgres::Pending<std::optional<QuotaSetting>> UsageStore::FindQuota(Transaction& tx,
                                                                     TenantId tenant,
                                                                     const std::string& meter) {
  return tx.Run(kFindQuota, tenant, meter).Map([](const Result& rows) {
    return rows.empty() ? std::nullopt : std::make_optional(ReadQuota(rows[0]));
  });
}

postgres::Pending<std::vector<QuotaSetting>> UsageStore::ListQuotas(Transaction& tx,
                                                                    const QuotaSetting& after,
                                                                    int limit) {
  return tx.Run(kListQuotas, after.tenant, after.meter, limit).Map([](const Result& rows) {
    return ReadAll<QuotaSetting>(rows, ReadQuota);
  });
}

void UsageStore::ForgetCleared(Transaction& tx, const QuotaSetting& quota) {
  tx.Run(kForgetCleared, quota.tenant, quota.meter, quota.set_at);
}

void UsageStore::EraseTenant(Transaction& tx, TenantId tenant) { tx.Run(kEraseTenant, tenant); }

}  // namespace kasbah::tenantdata
