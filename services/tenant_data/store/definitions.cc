#include "services/tenant_data/store/definitions.h"

#include <list>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {
namespace {

constexpr size_t kMaxEntries = 4096;
constexpr absl::Duration kCurrentFor = absl::Seconds(5);

using Table = std::shared_ptr<const RuleTable>;

// What keys of a tenant's current definitions begin with.
std::string CurrentPrefix(TenantId tenant) {
  std::string prefix(tenant.uuid().view());
  prefix.append("n");
  return prefix;
}

}  // namespace

struct Definitions::Cache {
  struct Entry {
    std::string key;
    Table table;
    absl::Time valid_until;
  };

  Table Find(const std::string& key, absl::Time now) {
    absl::MutexLock lock(&mutex);
    const auto found = by_key.find(key);
    if (found == by_key.end() || found->second->valid_until <= now) return nullptr;
    entries.splice(entries.begin(), entries, found->second);
    return found->second->table;
  }

  void Remove(const std::string& key) {
    absl::MutexLock lock(&mutex);
    RemoveHeld(key);
  }

  void Put(const std::string& key, Table table, absl::Time valid_until) {
    absl::MutexLock lock(&mutex);
    RemoveHeld(key);
    entries.push_front({key, std::move(table), valid_until});
    by_key[key] = entries.begin();
    if (entries.size() <= kMaxEntries) return;
    by_key.erase(entries.back().key);
    entries.pop_back();
  }

  void RemoveAll(const std::string& prefix) {
    absl::MutexLock lock(&mutex);
    for (auto entry = entries.begin(); entry != entries.end();) {
      if (entry->key.starts_with(prefix)) {
        by_key.erase(entry->key);
        entry = entries.erase(entry);
      } else {
        ++entry;
      }
    }
  }

  void RemoveHeld(const std::string& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto found = by_key.find(key);
    if (found == by_key.end()) return;
    entries.erase(found->second);
    by_key.erase(found);
  }

  absl::Mutex mutex;
  // Most recently used first.
  std::list<Entry> entries ABSL_GUARDED_BY(mutex);
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_key ABSL_GUARDED_BY(mutex);
};

Definitions::Definitions(postgres::Database& database, const Clock& clock)
    : database_(database), clock_(clock), cache_(std::make_unique<Cache>()) {}

Definitions::~Definitions() = default;

absl::StatusOr<Table> Definitions::Current(const CallContext& call, const std::string& name) {
  const std::string key = CurrentPrefix(call.tenant) + name;
  const absl::Time now = clock_.Now();
  if (Table table = cache_->Find(key, now)) return table;
  absl::StatusOr<CollectionDefinition> read = database_.WithTenant(
      call, [&](postgres::Transaction& tx) { return collections_.Get(tx, call, name); });
  if (read.ok() && read->deleted) read = NotFound("collection");
  // Else whoever goes on writing there would be turned back each time.
  if (absl::IsNotFound(read.status())) cache_->Remove(key);
  RETURN_IF_ERROR(read.status());
  ASSIGN_OR_RETURN(Table table, RuleTable::Compile(*std::move(read)));
  cache_->Put(key, table, now + kCurrentFor);
  return table;
}

Table Definitions::FindForWrite(TenantId tenant, const std::string& name) {
  return cache_->Find(CurrentPrefix(tenant) + name, absl::InfinitePast());
}

void Definitions::ForgetCurrent(TenantId tenant) { cache_->RemoveAll(CurrentPrefix(tenant)); }

absl::Status Definitions::DefinitionKeepsChanging() {
  return Error(absl::StatusCode::kAborted, kDefinitionChanged,
               "the collection's definition is being changed; repeat the call");
}

absl::StatusOr<Table> Definitions::Version(const CallContext& call, CollectionId collection,
                                           uint32_t schema_version) {
  std::string key(call.tenant.uuid().view());
  key.append("v").append(collection.uuid().view());
  absl::StrAppend(&key, schema_version);
  if (Table table = cache_->Find(key, clock_.Now())) return table;
  ASSIGN_OR_RETURN(CollectionDefinition definition,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return collections_.GetVersion(tx, call, collection, schema_version);
                   }));
  ASSIGN_OR_RETURN(Table table, RuleTable::Compile(std::move(definition)));
  cache_->Put(key, table, absl::InfiniteFuture());
  return table;
}

}  // namespace kasbah::tenantdata
