#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"

namespace kasbah::ciphertexts {

// A ciphertext, the context that it was made with, and whose data it is, when it was made for a
// data subject.
struct Ciphertext {
  std::map<std::string, std::string> context;
  std::string bytes;
  // As the vault's EncryptRequest says; empty: nobody's in particular.
  std::string subject = {};
};

// What is stored together and replaced together.
struct Row {
  // Where it stands, in the order that pages go; opaque to everybody but the store.
  std::string place;
  std::vector<Ciphertext> ciphertexts;
};

// Where a service keeps what one of its keys sealed, in the tenant of the call. Thread safe.
class CiphertextStore {
 public:
  virtual ~CiphertextStore() = default;
  // Rows by the oldest key version that sealed something in them; the tenant may be suspended.
  virtual absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext& call) = 0;
  // The next rows after `place` (empty: from the beginning) whose oldest version is below
  // `below_version`.
  virtual absl::StatusOr<std::vector<Row>> After(const CallContext& call, uint32_t below_version,
                                                 const std::string& place, int limit) = 0;
  // Puts each of `after` where `before`, in the same order, still stands; how many.
  virtual absl::StatusOr<uint64_t> Replace(const CallContext& call, const std::vector<Row>& before,
                                           const std::vector<Row>& after) = 0;
};

// The version that sealed `ciphertext`, as its header says; 0 for what has none.
uint32_t KeyVersionOf(std::string_view ciphertext);

}  // namespace kasbah::ciphertexts
