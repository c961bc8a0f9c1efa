#include "services/@schema@/store/@resource@_store.h"

namespace kasbah::@package@ {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert{"@plural@.insert", R"sql(
INSERT INTO @schema@.@plural@ (tenant_id, @resource@_id, title, created_by, created_at)
VALUES ($1, $2, $3, $4, $5))sql",
                            Access::kWrite};

constexpr Statement kGet{"@plural@.get", R"sql(
SELECT @resource@_id, title, created_by, created_at
FROM @schema@.@plural@ WHERE tenant_id = $1 AND @resource@_id = $2)sql"};

constexpr Statement kMadeBy{"@plural@.made_by", R"sql(
SELECT @resource@_id FROM @schema@.@plural@
WHERE tenant_id = $1 AND created_by = $2 ORDER BY @resource@_id)sql"};

constexpr Statement kBlankMaker{"@plural@.blank_maker", R"sql(
WITH blanked AS (
  UPDATE @schema@.@plural@ SET created_by = ''
  WHERE tenant_id = $1 AND created_by = $2 RETURNING 1
) SELECT count(*) FROM blanked)sql",
                                Access::kWrite};

@Resource@ To@Resource@(Row row) {
  @Resource@ @resource@;
  @resource@.id = row.Get<@Resource@Id>(0);
  @resource@.title = row.Get<std::string>(1);
  @resource@.created_by = row.Get<std::string>(2);
  @resource@.create_time = row.Get<absl::Time>(3);
  return @resource@;
}

}  // namespace

Pending<Result> @Resource@Store::Insert(Transaction& tx, TenantId tenant,
                                    const @Resource@& @resource@) const {
  return tx.Run(kInsert, tenant, @resource@.id, @resource@.title, @resource@.created_by,
                @resource@.create_time);
}

Pending<@Resource@> @Resource@Store::Get(Transaction& tx, TenantId tenant, @Resource@Id id) const {
  return tx.RunForOne(kGet, "@resource@", To@Resource@, tenant, id);
}

Pending<std::vector<@Resource@Id>> @Resource@Store::MadeBy(Transaction& tx, TenantId tenant,
                                                   const std::string& actor) const {
  return tx.Run(kMadeBy, tenant, actor).Map([](Result rows) {
    std::vector<@Resource@Id> ids;
    for (const Row row : rows) ids.push_back(row.Get<@Resource@Id>(0));
    return ids;
  });
}

Pending<uint64_t> @Resource@Store::BlankMaker(Transaction& tx, TenantId tenant,
                                          const std::string& actor) const {
  return tx.Run(kBlankMaker, tenant, actor).Map([](Result result) {
    return result[0].Get<uint64_t>(0);
  });
}

}  // namespace kasbah::@package@
