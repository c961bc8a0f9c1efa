#include "libs/outbox/outbox.h"

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/payload/payload.h"
#include "libs/postgres/value.h"
#include "libs/telemetry/log.h"

namespace kasbah::outbox {
namespace {

constexpr size_t kLargestEvent = 1 << 20;

// An incomplete event is a mistake of the service that made it: no reason, so no client sees it.
absl::Status CheckAudit(const v1::AuditEvent& event, size_t bytes) {
  if (event.event_id().empty() || event.action().empty() || event.actor().kind().empty() ||
      event.actor().id().empty() || event.outcome() == v1::OUTCOME_UNSPECIFIED) {
    return absl::InvalidArgumentError("an audit event needs id, action, actor and outcome");
  }
  if (bytes > kLargestEvent) return absl::InvalidArgumentError("an audit event is over 1 MiB");
  return absl::OkStatus();
}

absl::Status CheckChange(const v1::ChangeEvent& event, size_t bytes) {
  if (event.event_id().empty() || event.type().empty() || event.resource_id().empty()) {
    return absl::InvalidArgumentError("a change event needs id, type and resource");
  }
  if (bytes > kLargestEvent) return absl::InvalidArgumentError("a change event is over 1 MiB");
  return absl::OkStatus();
}

// Before storage: members and attributes whose names say that they hold a secret are taken out, and
// said so. A handler strips what a caller sent and reports it; this is for what one forgot.
void NoteStripped(std::string_view what, const payload::Report& report) {
  if (report.count == 0) return;
  telemetry::LogWarning("an event held what its name says is secret: it was taken out",
                        {{"event", what}, {"members", report.count}});
}

absl::StatusOr<std::string> Stored(v1::AuditEvent event) {
  const payload::Report report = payload::StripAttributes(event.mutable_attributes());
  if (report.count > 0) {
    (*event.mutable_attributes())["stripped"] = absl::StrJoin(report.paths, " ");
  }
  NoteStripped(event.action(), report);
  std::string bytes = event.SerializeAsString();
  RETURN_IF_ERROR(CheckAudit(event, bytes.size()));
  return bytes;
}

absl::StatusOr<std::string> Stored(v1::ChangeEvent event) {
  RETURN_IF_ERROR(CheckChange(event, event.ByteSizeLong()));
  if (!event.has_data()) return event.SerializeAsString();
  ASSIGN_OR_RETURN(const payload::Report report, payload::Strip(event.mutable_data()));
  NoteStripped(event.type(), report);
  return event.SerializeAsString();
}

}  // namespace

// A statement made for one schema.
struct Outbox::State {
  struct Made {
    std::string name;
    std::string sql;
    postgres::Statement statement() const { return {name, sql, postgres::Access::kWrite}; }
  };
  Made one;
  Made both;
  Made many;

  absl::Mutex mutex;
  std::map<const void*, std::function<void()>> wakers ABSL_GUARDED_BY(mutex);

  void WakeOnCommit(postgres::Transaction& tx) {
    tx.OnCommit([this] {
      absl::MutexLock lock(&mutex);
      for (const auto& [token, wake] : wakers) wake();
    });
  }
  void Append(postgres::Transaction& tx, TenantId tenant, std::string_view topic,
              const std::vector<postgres::OwnedBytes>& payloads) {
    if (payloads.size() == 1) {
      tx.Run(one.statement(), tenant, topic, payloads.front());
    } else {
      tx.Run(many.statement(), tenant, topic, payloads);
    }
    WakeOnCommit(tx);
  }
};

Outbox::Outbox(std::string_view schema) : state_(std::make_unique<State>()) {
  // The schema's name is a constant of the program; statements take no other text.
  const std::string insert = StrCat("INSERT INTO ", schema, ".outbox (tenant_id, topic, payload) ");
  state_->one = {StrCat("outbox.append_one.", schema), StrCat(insert, "VALUES ($1, $2, $3)")};
  state_->both = {StrCat("outbox.append_both.", schema),
                  StrCat(insert, "VALUES ($1, 'audit', $2), ($1, 'change', $3)")};
  state_->many = {StrCat("outbox.append.", schema),
                  StrCat(insert,
                         "SELECT $1, $2, payload FROM unnest($3) WITH ORDINALITY AS t (payload, n) "
                         "ORDER BY n")};
}

Outbox::~Outbox() = default;

absl::Status Outbox::AppendAudit(postgres::Transaction& tx, const CallContext& call,
                                 const v1::AuditEvent& event) {
  ASSIGN_OR_RETURN(std::string bytes, Stored(event));
  state_->Append(tx, call.tenant, "audit", {{std::move(bytes)}});
  tx.MarkAudited();
  return absl::OkStatus();
}

absl::Status Outbox::AppendChange(postgres::Transaction& tx, const CallContext& call,
                                  const v1::ChangeEvent& event) {
  ASSIGN_OR_RETURN(std::string bytes, Stored(event));
  state_->Append(tx, call.tenant, "change", {{std::move(bytes)}});
  return absl::OkStatus();
}

absl::Status Outbox::AppendBoth(postgres::Transaction& tx, const CallContext& call,
                                const v1::AuditEvent& audit, const v1::ChangeEvent& change) {
  ASSIGN_OR_RETURN(const std::string audit_bytes, Stored(audit));
  ASSIGN_OR_RETURN(const std::string change_bytes, Stored(change));
  tx.Run(state_->both.statement(), call.tenant, postgres::Bytes{audit_bytes},
         postgres::Bytes{change_bytes});
  state_->WakeOnCommit(tx);
  tx.MarkAudited();
  return absl::OkStatus();
}

absl::Status Outbox::AppendAudits(postgres::Transaction& tx, const CallContext& call,
                                  const std::vector<v1::AuditEvent>& events) {
  std::vector<postgres::OwnedBytes> payloads;
  payloads.reserve(events.size());
  for (const v1::AuditEvent& event : events) {
    ASSIGN_OR_RETURN(std::string bytes, Stored(event));
    payloads.push_back({std::move(bytes)});
  }
  state_->Append(tx, call.tenant, "audit", payloads);
  if (!events.empty()) tx.MarkAudited();
  return absl::OkStatus();
}

absl::Status Outbox::AppendChanges(postgres::Transaction& tx, const CallContext& call,
                                   const std::vector<v1::ChangeEvent>& events) {
  std::vector<postgres::OwnedBytes> payloads;
  payloads.reserve(events.size());
  for (const v1::ChangeEvent& event : events) {
    ASSIGN_OR_RETURN(std::string bytes, Stored(event));
    payloads.push_back({std::move(bytes)});
  }
  state_->Append(tx, call.tenant, "change", payloads);
  return absl::OkStatus();
}

void Outbox::AddWaker(const void* token, std::function<void()> waker) {
  absl::MutexLock lock(&state_->mutex);
  state_->wakers[token] = std::move(waker);
}

void Outbox::RemoveWaker(const void* token) {
  absl::MutexLock lock(&state_->mutex);
  state_->wakers.erase(token);
}

}  // namespace kasbah::outbox
