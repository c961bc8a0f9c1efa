#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/outbox/denials.h"
#include "libs/rpc/call.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/domain/subject_ring.h"

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
// lease, with its use counted. Operations are functions of a lease, a request (or an item of one),
// an answer and, where requests may name a data subject, that subject's share (null without one);
// alone, in a batch or on the transport's thread they go through here.
class KeyUser {
 public:
  KeyUser(KeyRing& ring, SubjectRing& subjects, outbox::CountedEvents& counted)
      : ring_(ring), subjects_(subjects), counted_(counted) {}

  static KeyName NameFor(const CallContext& call, const std::string& key) {
    return {call.workload, key};
  }

  // Nothing where it would have to wait: without a live lease, or counted uses left.
  template <typename Reply, typename Request, typename Operation>
  std::optional<absl::StatusOr<Reply>> TryOnce(const CallContext& call, const KeyUse& use,
                                               const Request& request, Operation operation) {
    const KeyRing::Lease lease = ring_.FindLive(call.tenant, NameFor(call, request.key()));
    if (lease == nullptr || !lease->Serves(use.purpose) || NamesNextVersion(*lease, request)) {
      return std::nullopt;
    }
    SubjectRing::Share subject;
    if (const std::string* named = SubjectOf(request); named != nullptr) {
      subject = subjects_.FindLive(call.tenant, *named, lease->id());
      if (subject == nullptr) return std::nullopt;
    }
    if (use.makes && !lease->TryTake(1)) return std::nullopt;
    return Answer<Reply>(call, use, *lease, subject.get(), request, operation);
  }

  template <typename Reply, typename Request, typename Operation>
  absl::StatusOr<Reply> Once(const CallContext& call, const KeyUse& use, const Request& request,
                             Operation operation) {
    ASSIGN_OR_RETURN(const KeyRing::Lease lease, LeaseFor(call, use, request));
    SubjectRing::Share subject;
    if (const std::string* named = SubjectOf(request); named != nullptr) {
      ASSIGN_OR_RETURN(const SubjectShares found,
                       SharesOf(call, *lease, {*named}, use.makes && !Opens(request)));
      RETURN_IF_ERROR(found.at(*named).status());
      subject = *found.at(*named);
    }
    if (use.makes) RETURN_IF_ERROR(ring_.Take(call, *lease, 1));
    return Answer<Reply>(call, use, *lease, subject.get(), request, operation);
  }

  // An item's own failure is its answer's `error`; anything else is the call's.
  template <typename Reply, typename Request, typename Operation>
  absl::StatusOr<Reply> Batch(const CallContext& call, const KeyUse& use, const Request& request,
                              Operation operation) {
    ASSIGN_OR_RETURN(const KeyRing::Lease lease, LeaseFor(call, use, request));
    std::set<std::string> named;
    for (const auto& item : request.items()) {
      if (const std::string* subject = SubjectOf(item); subject != nullptr) named.insert(*subject);
    }
    SubjectShares subjects;
    if (!named.empty()) {
      ASSIGN_OR_RETURN(subjects, SharesOf(call, *lease, {named.begin(), named.end()},
                                          use.makes && !Opens(request)));
    }
    if (use.makes) RETURN_IF_ERROR(ring_.Take(call, *lease, request.items_size()));
    Reply reply;
    reply.mutable_items()->Reserve(request.items_size());
    uint64_t done = 0;
    for (const auto& item : request.items()) {
      auto* answer = reply.add_items();
      absl::StatusOr<SubjectRing::Share> subject = SubjectRing::Share();
      if (const std::string* name = SubjectOf(item); name != nullptr) subject = subjects.at(*name);
      const absl::Status status =
          subject.ok() ? Apply(operation, *lease, item, answer, subject->get()) : subject.status();
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
                               const SubjectShare* subject, const Request& request,
                               Operation operation) {
    Reply reply;
    RETURN_IF_ERROR(Apply(operation, lease, request, &reply, subject));
    Count(call, use.action, lease, 1);
    return reply;
  }

  using SubjectShares = std::map<std::string, absl::StatusOr<SubjectRing::Share>>;
  absl::StatusOr<SubjectShares> SharesOf(const CallContext& call, const KeyLease& lease,
                                         const std::vector<std::string>& subjects, bool make);

  // The data subject that a request or an item names; null where it names none, or cannot.
  template <typename Request>
  static const std::string* SubjectOf(const Request& request) {
    if constexpr (requires { request.subject(); }) {
      return request.subject().empty() ? nullptr : &request.subject();
    } else {
      return nullptr;
    }
  }
  template <typename Operation, typename Request, typename Answer>
  static absl::Status Apply(Operation operation, const KeyLease& lease, const Request& request,
                            Answer* answer, const SubjectShare* subject) {
    if constexpr (std::is_invocable_v<Operation, const KeyLease&, const Request&, Answer*,
                                      const SubjectShare*>) {
      return operation(lease, request, answer, subject);
    } else {
      return operation(lease, request, answer);
    }
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
  SubjectRing& subjects_;
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
