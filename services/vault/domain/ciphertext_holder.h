#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "services/vault/domain/key.h"

namespace kasbah::vault {

// Whoever keeps what keys of a tenant sealed: the vault itself, or the service that owns the keys.
// Thread safe.
class CiphertextHolder {
 public:
  virtual ~CiphertextHolder() = default;

  // How many ciphertexts each version of the key has to open; versions without any may be left out.
  virtual absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext& call,
                                                             const KeyName& key) = 0;

  struct Page {
    // Where the next page begins; opaque to everybody else.
    std::string cursor;
    bool is_last = false;
    uint64_t seen = 0;
    uint64_t rewrapped = 0;
    // Did not open: left as they are.
    uint64_t failed = 0;
  };
  // Seals again, under the key's primary version, what versions below `below_version` sealed, from
  // `cursor` (empty at the beginning) on and about `limit` of them. What it did is committed; again
  // does nothing more.
  virtual absl::StatusOr<Page> Rewrap(const CallContext& call, const KeyName& key,
                                      uint32_t below_version, const std::string& cursor,
                                      int limit) = 0;
};

// By the owner of the key: "service/tenant-data".
using CiphertextHolders = std::map<std::string, CiphertextHolder*>;

}  // namespace kasbah::vault
