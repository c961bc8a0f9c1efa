#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah::dns {

struct ResolverOptions {
  // "10.0.0.53:53", "[fd00::53]"; several, separated by commas, are asked in turn. Empty: those of
  // /etc/resolv.conf.
  std::string resolver;
  // For one call at the most, repeats and TCP included.
  absl::Duration timeout = absl::Seconds(5);
};

// Asks recursive resolvers for TXT records, over UDP with EDNS (1,232 bytes, where nothing is cut
// on the way) and over TCP where an answer was truncated. What comes from another address, with
// another id or to another question is not taken for an answer. It believes the resolver: whether
// DNSSEC is validated is the resolver's business. Thread safe: each call has sockets of its own.
class TxtResolver {
 public:
  using Answer = absl::StatusOr<std::vector<std::string>>;

  // INVALID_ARGUMENT for a resolver that is not an address.
  static absl::StatusOr<std::unique_ptr<TxtResolver>> Create(const ResolverOptions& options);

  // The TXT records of each name, all asked at once: empty where DNS says that there are none (no
  // such name, or none of this type); DNS_FAILED where it does not say (no answer in time, a
  // server's failure or refusal, nonsense). Blocks until `deadline` or the timeout at the most.
  std::vector<Answer> Lookup(const std::vector<std::string>& names, absl::Time deadline) const;

 private:
  explicit TxtResolver(const ResolverOptions& options) : options_(options) {}

  const ResolverOptions options_;
};

}  // namespace kasbah::dns
