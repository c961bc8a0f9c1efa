#include <map>
#include <set>

#include "cli/client/paging.h"
#include "cli/tour/burst.h"
#include "cli/tour/collections.h"
#include "cli/tour/steps.h"
#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

constexpr int kBurst = 240;
// The leases of a webhook worker that was killed have to run out before another takes its work.
constexpr absl::Duration kSettle = absl::Seconds(120);

using Ids = std::set<std::string>;

absl::StatusOr<Ids> StoredReadings(World& world) {
  tenantdata::v1::ListRecordsRequest request;
  request.set_collection(kReadingsKey);
  ASSIGN_OR_RETURN(const auto reply,
                   ListAll(*world.a.client, Client::Scope::kTenant,
                           &tenantdata::v1::RecordService::Stub::ListRecords, request,
                           &tenantdata::v1::ListRecordsResponse::mutable_records, /*limit=*/0));
  Ids ids;
  for (const auto& record : reply.records()) ids.insert(record.record_id());
  RETURN_IF_ERROR(Expect(static_cast<int>(ids.size()) == reply.records_size(), "each record once"));
  return ids;
}

// How often each record's creation stands in the trail.
absl::StatusOr<std::map<std::string, int>> AuditedCreations(World& world, const Ids& wanted) {
  audit::v1::ListEventsRequest request;
  request.mutable_filter()->add_actions("record.create");
  ASSIGN_OR_RETURN(
      const auto reply,
      ListAll(*world.a.client, Client::Scope::kTenant, &audit::v1::AuditService::Stub::ListEvents,
              request, &audit::v1::ListEventsResponse::mutable_events, /*limit=*/0));
  std::map<std::string, int> counts;
  for (const auto& event : reply.events()) {
    const std::string& id = event.event().target().id();
    if (wanted.contains(id)) ++counts[id];
  }
  return counts;
}

// The messages that brought each record's creation. A receiver that is asked again, because the
// sender was killed before it noted the answer, sees the same webhook-id: still one message.
std::map<std::string, Ids> MessagesByRecord(const World& world, const Ids& wanted) {
  std::map<std::string, Ids> messages;
  for (const Arrival& arrival : world.receiver->arrivals()) {
    if (arrival.type == "record.created" && wanted.contains(arrival.resource_id)) {
      messages[arrival.resource_id].insert(arrival.message_id);
    }
  }
  return messages;
}

absl::Status KillBoth(World& world) {
  RETURN_IF_ERROR(world.supervisor->KillService("vault"));
  return world.supervisor->KillService("webhook");
}

}  // namespace

absl::StatusOr<std::string> SurviveKills(World& world) {
  ASSIGN_OR_RETURN(const auto acting, world.OperatorFor(world.a));
  RETURN_IF_ERROR(
      acting->Call(&tenantdata::v1::CollectionService::Stub::CreateCollection, ReadingsCollection())
          .status());
  ASSIGN_OR_RETURN(const BurstReport burst,
                   WriteBurst(world, kBurst, [&world] { return KillBoth(world); }));
  RETURN_IF_ERROR(world.supervisor->WaitReady(absl::Seconds(60)));

  const Ids acknowledged(burst.record_ids.begin(), burst.record_ids.end());
  RETURN_IF_ERROR(Expect(acknowledged.size() == kBurst, "a record of its own for each write"));
  ASSIGN_OR_RETURN(const Ids stored, StoredReadings(world));
  RETURN_IF_ERROR(Expect(stored == acknowledged, "exactly the acknowledged writes to be stored"));

  std::map<std::string, int> audited;
  RETURN_IF_ERROR(
      WaitFor(kSettle, "every write's event in the trail", [&]() -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(audited, AuditedCreations(world, acknowledged));
        return audited.size() == acknowledged.size();
      }));
  for (const auto& [id, count] : audited) {
    RETURN_IF_ERROR(Expect(count == 1, StrCat("one event for ", id, ", not ", count)));
  }

  std::map<std::string, Ids> messages;
  RETURN_IF_ERROR(WaitFor(kSettle, "every write to be delivered", [&]() -> absl::StatusOr<bool> {
    messages = MessagesByRecord(world, acknowledged);
    return messages.size() == acknowledged.size();
  }));
  for (const auto& [id, ids] : messages) {
    RETURN_IF_ERROR(Expect(ids.size() == 1, StrCat("one message for ", id, ", not ", ids.size())));
  }
  RETURN_IF_ERROR(Expect(world.receiver->refused() == 0, "every signature to verify"));
  return StrCat("vault and webhook killed amid ", kBurst,
                " writes: all stored, each once in the trail, ", "all delivered (", burst.repeated,
                " calls repeated)");
}

}  // namespace kasbah::cli
