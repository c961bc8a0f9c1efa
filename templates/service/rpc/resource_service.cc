#include "services/@schema@/rpc/@resource@_service.h"

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/outbox/audit_event.h"
#include "libs/rpc/call.h"

namespace kasbah::@package@ {
namespace {

v1::@Resource@ ToMessage(const @Resource@& @resource@) {
  v1::@Resource@ message;
  message.set_@resource@_id(@resource@.id.ToString());
  message.set_title(@resource@.title);
  message.set_created_by(@resource@.created_by);
  *message.mutable_create_time() = ToTimestamp(@resource@.create_time);
  return message;
}

}  // namespace

@Resource@Service::@Resource@Service(rpc::Pipeline& pipeline, postgres::Database& database,
                             outbox::Outbox& outbox, const Clock& clock)
    : pipeline_(pipeline), database_(database), outbox_(outbox), clock_(clock) {}

absl::StatusOr<v1::@Resource@> @Resource@Service::Create(const rpc::Call& call,
                                                 const v1::Create@Resource@Request& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  // PostgreSQL keeps microseconds: what is answered now is what is read later.
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  @Resource@ @resource@;
  @resource@.id = @Resource@Id::New(now);
  ASSIGN_OR_RETURN(@resource@.title, ParseTitle(request.title()));
  @resource@.create_time = now;
  @resource@.created_by = call.actor.id;
  // One round trip: the row, and the event without which it may not exist.
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) {
    @plural@_.Insert(tx, call.tenant, @resource@);
    return outbox_.AppendAudit(tx, call,
                               outbox::Succeeded(call, clock_, "@resource@.create",
                                                 {"@resource@", @resource@.id.ToString(), ""}));
  }));
  return ToMessage(@resource@);
}

absl::StatusOr<v1::@Resource@> @Resource@Service::Get(const rpc::Call& call,
                                              const v1::Get@Resource@Request& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const @Resource@Id id, @Resource@Id::Parse(request.@resource@_id()));
  ASSIGN_OR_RETURN(const @Resource@ @resource@,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return @plural@_.Get(tx, call.tenant, id);
                   }));
  return ToMessage(@resource@);
}

}  // namespace kasbah::@package@
