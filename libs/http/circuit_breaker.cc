#include "libs/http/circuit_breaker.h"

#include <algorithm>

namespace kasbah::http {

CircuitBreaker::CircuitBreaker(CircuitOptions options, const Clock& clock)
    : options_(options), clock_(clock) {}

bool CircuitBreaker::Allow(std::string_view key) {
  absl::MutexLock lock(&mutex_);
  const auto found = circuits_.find(std::string(key));
  if (found == circuits_.end() || found->second.failures < options_.failures_to_open) return true;
  const absl::Time now = clock_.Now();
  if (now < found->second.open_until) return false;
  // The probe: everybody else waits until it is reported or lost.
  found->second.open_until = now + found->second.open_for;
  found->second.probing = true;
  return true;
}

void CircuitBreaker::Succeeded(std::string_view key) {
  absl::MutexLock lock(&mutex_);
  const auto found = circuits_.find(std::string(key));
  if (found == circuits_.end()) return;
  recent_.erase(found->second.recent);
  circuits_.erase(found);
}

void CircuitBreaker::Failed(std::string_view key) {
  absl::MutexLock lock(&mutex_);
  auto [found, inserted] = circuits_.try_emplace(std::string(key));
  Circuit& circuit = found->second;
  if (inserted) {
    recent_.push_front(found->first);
    circuit.recent = recent_.begin();
    circuit.open_for = options_.open_for;
  } else {
    recent_.splice(recent_.begin(), recent_, circuit.recent);
  }
  ++circuit.failures;
  if (circuit.failures == options_.failures_to_open) {
    circuit.open_until = clock_.Now() + circuit.open_for;
  } else if (circuit.probing) {
    circuit.probing = false;
    circuit.open_for = std::min(circuit.open_for * 2, options_.open_for_at_most);
    circuit.open_until = clock_.Now() + circuit.open_for;
  }
  if (circuits_.size() > options_.max_keys) {
    circuits_.erase(recent_.back());
    recent_.pop_back();
  }
}

absl::Time CircuitBreaker::RetryAt(std::string_view key) const {
  absl::MutexLock lock(&mutex_);
  const auto found = circuits_.find(std::string(key));
  return found == circuits_.end() ? absl::InfinitePast() : found->second.open_until;
}

std::vector<CircuitBreaker::NotClosed> CircuitBreaker::ListNotClosed() const {
  const absl::Time now = clock_.Now();
  std::vector<NotClosed> list;
  absl::MutexLock lock(&mutex_);
  for (const auto& [key, circuit] : circuits_) {
    if (circuit.failures < options_.failures_to_open) continue;
    list.push_back({key, now >= circuit.open_until});
  }
  return list;
}

}  // namespace kasbah::http
