#include "services/webhook/domain/endpoint_pacing.h"

#include <algorithm>

#include "libs/base/error.h"

namespace kasbah::webhook {

EndpointPacing::EndpointPacing(int cap, http::CircuitOptions circuit, const Clock& clock)
    : cap_(cap), breaker_(circuit, clock) {}

std::vector<EndpointPacing::Room> EndpointPacing::Limited() const {
  absl::flat_hash_map<EndpointId, int> room;
  absl::MutexLock lock(&mutex_);
  for (const auto& [endpoint, count] : in_flight_) room[endpoint] = std::max(cap_ - count, 0);
  for (const http::CircuitBreaker::NotClosed& circuit : breaker_.ListNotClosed()) {
    const absl::StatusOr<EndpointId> endpoint = EndpointId::Parse(circuit.key);
    KASBAH_CHECK(endpoint.ok());
    room[*endpoint] = circuit.half_open && !in_flight_.contains(*endpoint) ? 1 : 0;
  }
  std::vector<Room> limited;
  limited.reserve(room.size());
  for (const auto& [endpoint, left] : room) limited.push_back({endpoint, left});
  return limited;
}

int EndpointPacing::in_flight() const {
  absl::MutexLock lock(&mutex_);
  int total = 0;
  for (const auto& [endpoint, count] : in_flight_) total += count;
  return total;
}

void EndpointPacing::Started(const EndpointId& endpoint) {
  // Of a half-open circuit this takes the probe; what it says is no news to who asked Limited.
  breaker_.Allow(endpoint.ToString());
  absl::MutexLock lock(&mutex_);
  ++in_flight_[endpoint];
}

void EndpointPacing::Finished(const EndpointId& endpoint, bool well) {
  if (well) {
    breaker_.Succeeded(endpoint.ToString());
  } else {
    breaker_.Failed(endpoint.ToString());
  }
  absl::MutexLock lock(&mutex_);
  Leave(endpoint);
}

void EndpointPacing::Abandoned(const EndpointId& endpoint) {
  absl::MutexLock lock(&mutex_);
  Leave(endpoint);
}

void EndpointPacing::Leave(const EndpointId& endpoint) {
  const auto found = in_flight_.find(endpoint);
  if (found == in_flight_.end()) return;
  if (--found->second == 0) in_flight_.erase(found);
}

}  // namespace kasbah::webhook
