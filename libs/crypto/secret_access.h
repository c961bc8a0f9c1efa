#pragma once

namespace kasbah::crypto {

// What reading a secret takes. Minted by the named functions of this file alone, so that a search
// for SecretAccess finds every place that sees secret bytes.
class SecretAccess {
 public:
  // libs/crypto's own primitives.
  static SecretAccess ForPrimitive() { return {}; }
  // A seal, at the edge of the system: writing or reading a wrapped root key.
  static SecretAccess ForSeal() { return {}; }
  // A secret's value on its way to the caller who may have it.
  static SecretAccess ForCaller() { return {}; }
  // Tests and vectors.
  static SecretAccess ForTest() { return {}; }

 private:
  SecretAccess() = default;
};

}  // namespace kasbah::crypto
