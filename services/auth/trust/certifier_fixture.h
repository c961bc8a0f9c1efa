#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/base/error.h"
#include "libs/crypto/ed25519.h"
#include "services/auth/trust/key_certifier.h"

namespace kasbah::auth {

// A vault that signs with a key of its own, and can be away.
class CertifierFixture : public KeyCertifier {
 public:
  absl::StatusOr<std::string> Sign(std::string_view text) override {
    if (away) return Away();
    return key.Sign(text);
  }
  absl::StatusOr<std::vector<std::string>> PublicKeys() override {
    ++asked;
    if (away) return Away();
    return std::vector<std::string>{key.public_key()};
  }

  crypto::Ed25519Key key = crypto::Ed25519Key::Generate();
  bool away = false;
  int asked = 0;

 private:
  static absl::Status Away() {
    return Error(absl::StatusCode::kUnavailable, "PEER_UNAVAILABLE", "the vault is away");
  }
};

}  // namespace kasbah::auth
