#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/outbox/denials.h"
#include "libs/rpc/call.h"
#include "services/vault/domain/key_ring.h"

namespace kasbah::vault {

// What an operation asks of a key.
struct KeyUse {
  // As the trail calls it: "crypto.encrypt".
  std::string_view action;
  KeyPurpose purpose = KeyPurpose::kEncrypt;
  // Whether it uses the primary version, which counts, and makes the key when it is not there.
  bool makes = true;
};

// The one way in which an operation comes to its key: the caller's own, by its SPIFFE path, on a
// lease, with its use counted. Operations are functions of a lease, a request (or an item of one)
// and an answer; alone, in a batch or on the transport's thread they go through here.
class KeyUser {
 public:
  KeyUser(KeyRing& ring, outbox::CountedEvents& counted) : ring_(ring), counted_(counted) {}

  static KeyName NameFor(const CallContext& call, const std::string& key) {
    return {call.workload, key};
  }

  // Nothing where it would have to wait: without a live lease, or counted uses left.
  template <typename Reply, typename Request, typename Operation>
  std::optional<absl::StatusOr<Reply>> TryOnce(const CallContext& call, const KeyUse& use,
                                               const Request& request, Operation operation) {
    const KeyRing::Lease lease = ring_.FindLive(call.tenant, NameFor(call, request.key()));
    if (lease == nullptr || !lease->Serves(use.purpose) || NamesNextVersion(*lease, request) ||
        (use.makes && !lease->TryTake(1))) {
      return std::nullopt;
    }
    return Answer<Reply>(call, use, *lease, request, operation);
  }

  template <typename Reply, typename Request, typename Operation>
  absl::StatusOr<Reply> Once(const CallContext& call, const KeyUse& use, const Request& request,
                             Operation operation) {
    ASSIGN_OR_RETURN(const KeyRing::Lease lease, LeaseFor(call, use, request));
    if (use.makes) RETURN_IF_ERROR(ring_.Take(call, *lease, 1));
    return Answer<Reply>(call, use, *lease, request, operation);
  }

  // An item's own failure is its answer's `error`; anything else is the call's.
  template <typename Reply, typename Request, typename Operation>
  absl::StatusOr<Reply> Batch(const CallContext& call, const KeyUse& use, const Request& request,
                              Operation operation) {
    ASSIGN_OR_RETURN(const KeyRing::Lease lease, LeaseFor(call, use, request));
    if (use.makes) RETURN_IF_ERROR(ring_.Take(call, *lease, request.items_size()));
    Reply reply;
    reply.mutable_items()->Reserve(request.items_size());
    uint64_t done = 0;
    for (const auto& item : request.items()) {
      auto* answer = reply.add_items();
      const absl::Status status = operation(*lease, item, answer);
      if (status.ok()) ++done;
      RETURN_IF_ERROR(OfItem(status, answer));
    }
    if constexpr (requires { reply.set_key_version(1); }) {
      reply.set_key_version(lease->primary_version());
    }
    if (done > 0) Count(call, use.action, *lease, done);
    return reply;
  }

  // Ok where `status` is one item's own fault, which goes into `answer`. The tenant's state is the
  // call's, where all items are of one tenant.
  template <typename Answer>
  static absl::Status OfItem(const absl::Status& status, Answer* answer) {
    if (status.ok() || !IsOfItem(status)) return status;
    answer->Clear();
    answer->set_error(ReasonOf(status));
    return absl::OkStatus();
  }

  // The key for a request that names one. What names in its header a version that another replica
  // made just now has the key read again; without a key nothing can have been sealed, so for what
  // is to be opened its absence is OPEN_FAILED too.
  template <typename Request>
  absl::StatusOr<KeyRing::Lease> LeaseFor(const CallContext& call, const KeyUse& use,
                                          const Request& request) {
    return LeaseFor(call, use, request.key(), request);
  }
  template <typename Item>
  absl::StatusOr<KeyRing::Lease> LeaseFor(const CallContext& call, const KeyUse& use,
                                          const std::string& key, const Item& item) {
    const KeyName name = NameFor(call, key);
    absl::StatusOr<KeyRing::Lease> lease = use.makes && !Opens(item)
                                               ? ring_.GetOrCreate(call, name, use.purpose)
                                               : ring_.Get(call, name, use.purpose);
    if (!lease.ok()) {
      return Opens(item) && ReasonOf(lease.status()) == reason::kNotFound
                 ? crypto::ciphertext_v1::OpenFailed()
                 : lease.status();
    }
    if (NamesNextVersion(**lease, item)) return ring_.Refresh(call, name);
    return lease;
  }

  void Count(const CallContext& call, std::string_view action, const KeyLease& key,
             uint64_t times) {
    counted_.Used(call, action, "key", key.id_text(), key.name_text(), times);
  }

  KeyRing& ring() { return ring_; }

 private:
  template <typename Reply, typename Request, typename Operation>
  absl::StatusOr<Reply> Answer(const CallContext& call, const KeyUse& use, const KeyLease& lease,
                               const Request& request, Operation operation) {
    Reply reply;
    RETURN_IF_ERROR(operation(lease, request, &reply));
    Count(call, use.action, lease, 1);
    return reply;
  }

  static bool IsOfItem(const absl::Status& status);
  static bool IsOfNextVersion(const KeyLease& lease, std::string_view ciphertext);

  // What of a request is to be opened; nothing where it brings no ciphertext.
  template <typename Request>
  static std::optional<std::string_view> CiphertextOf(const Request& request) {
    if constexpr (requires { request.ciphertext(); }) {
      return request.ciphertext();
    } else if constexpr (requires { request.sealed_key(); }) {
      return request.sealed_key();
    } else {
      return std::nullopt;
    }
  }
  template <typename Request>
  static bool Opens(const Request& request) {
    if constexpr (requires { request.items(); }) {
      return !request.items().empty() && Opens(request.items(0));
    } else {
      return CiphertextOf(request).has_value();
    }
  }
  template <typename Request>
  static bool NamesNextVersion(const KeyLease& lease, const Request& request) {
    if constexpr (requires { request.items(); }) {
      return std::any_of(request.items().begin(), request.items().end(),
                         [&](const auto& item) { return NamesNextVersion(lease, item); });
    } else if constexpr (requires { request.key_version(); }) {
      return request.key_version() == lease.primary_version() + 1;
    } else {
      const std::optional<std::string_view> ciphertext = CiphertextOf(request);
      return ciphertext && IsOfNextVersion(lease, *ciphertext);
    }
  }

  KeyRing& ring_;
  outbox::CountedEvents& counted_;
};

// The version in an answer that has a place for one.
template <typename Answer>
void SetKeyVersion(uint32_t version, Answer* answer) {
  if constexpr (requires { answer->set_key_version(version); }) answer->set_key_version(version);
}

// A request's context for libs/crypto.
template <typename Map>
crypto::ContextPairs PairsOf(const Map& context) {
  crypto::ContextPairs pairs;
  // Two more come from the vault.
  pairs.reserve(context.size() + 2);
  for (const auto& [key, value] : context) pairs.emplace_back(key, value);
  return pairs;
}

inline constexpr std::string_view kEncryptUse = "encrypt";

}  // namespace kasbah::vault
