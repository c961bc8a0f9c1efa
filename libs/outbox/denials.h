#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"

namespace kasbah::outbox {

// Writes refusals and counted uses into the trail, aggregated so that a caller that repeats itself
// costs a row a period and not a row a call: equal (tenant, actor, workload, action, target,
// reason) become one event with a count. Refusals are flushed each second, uses each minute; both
// when it is destroyed. Bounded: past 10,000 distinct entries a flush happens at once. Thread safe.
class CountedEvents {
 public:
  CountedEvents(postgres::Database& database, Outbox& outbox, const Clock& clock);
  ~CountedEvents();

  // A call that policy refused. The system tenant's trail gets it when the tenant is unknown.
  void Denied(const CallContext& call, std::string_view action, std::string_view reason);
  // `times` successful uses of `target`.
  void Used(const CallContext& call, std::string_view action, std::string_view target_kind,
            std::string_view target_id, std::string_view target_name, uint64_t times);

  // Writes everything now: for tests and shutdown.
  absl::Status Flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::outbox
