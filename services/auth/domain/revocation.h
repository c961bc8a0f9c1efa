#pragma once

#include <string>

#include "absl/time/time.h"

namespace kasbah::auth {

// Assertions that name `subject` and were issued before `not_before` no longer hold.
struct Revocation {
  enum class Kind { kSession, kCredential, kActor, kTenant };
  Kind kind = Kind::kCredential;
  // key_…, usr_…, ten_… or a session id.
  std::string subject;
  absl::Time not_before;
};

}  // namespace kasbah::auth
