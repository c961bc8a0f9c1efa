#include "libs/crypto/rsa.h"

#include <gtest/gtest.h>

#include <string>

#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::crypto {
namespace {

// RFC 7515, A.2: an RS256 signature and its key.
constexpr char kModulus[] =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-"
    "DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr char kMessage[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ";
constexpr char kSignature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5j"
    "ujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L"
    "07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

const std::string& Modulus() {
  static const auto* modulus = new std::string(*ParseBase64Url(kModulus));
  return *modulus;
}

TEST(Rsa, VerifiesThePublishedSignatureAndNothingElse) {
  ASSERT_OK_AND_ASSIGN(const RsaPublicKey key,
                       RsaPublicKey::FromNumbers(Modulus(), std::string("\x01\x00\x01", 3)));
  ASSERT_OK_AND_ASSIGN(const std::string signature, ParseBase64Url(kSignature));
  EXPECT_TRUE(key.Verify(kMessage, signature));
  EXPECT_FALSE(key.Verify(std::string(kMessage) + "x", signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string broken = signature;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    EXPECT_FALSE(key.Verify(kMessage, broken)) << i;
    EXPECT_FALSE(key.Verify(kMessage, signature.substr(0, i))) << i;
  }
  EXPECT_FALSE(key.Verify(kMessage, signature + '\0'));
  ASSERT_OK_AND_ASSIGN(const RsaPublicKey other, RsaPublicKey::FromNumbers(Modulus(), "\x03"));
  EXPECT_FALSE(other.Verify(kMessage, signature));
}

TEST(Rsa, WeakKeysAreRefused) {
  EXPECT_OK(RsaPublicKey::FromNumbers(Modulus(), "\x03"));
  EXPECT_FALSE(RsaPublicKey::FromNumbers(Modulus().substr(0, 128), "\x03").ok());
  EXPECT_FALSE(RsaPublicKey::FromNumbers(Modulus(), "\x01").ok());
  EXPECT_FALSE(RsaPublicKey::FromNumbers(Modulus(), "\x04").ok());
  EXPECT_FALSE(RsaPublicKey::FromNumbers(Modulus(), "").ok());
  EXPECT_FALSE(RsaPublicKey::FromNumbers(Modulus(), std::string("\x01\0\0\0\x01", 5)).ok());
  EXPECT_FALSE(RsaPublicKey::FromNumbers("", "\x03").ok());
  EXPECT_FALSE(RsaPublicKey::FromNumbers(std::string(2048, '\xff'), "\x03").ok());
}

}  // namespace
}  // namespace kasbah::crypto
