#include "services/vault/domain/pkcs11_token.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/secret_file.h"

namespace kasbah::vault {
namespace {

constexpr size_t kTagBytes = 16;
constexpr CK_ULONG kKeyBytes = 32;

std::string NameOf(CK_RV result) {
  switch (result) {
    case CKR_PIN_INCORRECT:
      return "CKR_PIN_INCORRECT";
    case CKR_PIN_LOCKED:
      return "CKR_PIN_LOCKED";
    case CKR_DEVICE_REMOVED:
      return "CKR_DEVICE_REMOVED";
    case CKR_DEVICE_ERROR:
      return "CKR_DEVICE_ERROR";
    case CKR_MECHANISM_INVALID:
      return "CKR_MECHANISM_INVALID";
    case CKR_TOKEN_NOT_PRESENT:
      return "CKR_TOKEN_NOT_PRESENT";
    case CKR_TOKEN_WRITE_PROTECTED:
      return "CKR_TOKEN_WRITE_PROTECTED";
    case CKR_ENCRYPTED_DATA_INVALID:
      return "CKR_ENCRYPTED_DATA_INVALID";
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
      return "CKR_KEY_FUNCTION_NOT_PERMITTED";
    default:
      return absl::StrFormat("CKR 0x%x", result);
  }
}

absl::Status Failed(const std::string& token, std::string_view what) {
  return absl::FailedPreconditionError(ToAbsl(StrCat("PKCS#11 token ", token, ": ", what)));
}

// A module's functions, once for the process: it is initialised once and never unloaded.
absl::StatusOr<CK_FUNCTION_LIST*> Load(const std::string& path) {
  static absl::Mutex mutex(absl::kConstInit);
  static auto* const loaded = new std::map<std::string, CK_FUNCTION_LIST*>;
  const absl::MutexLock lock(&mutex);
  if (const auto it = loaded->find(path); it != loaded->end()) return it->second;
  void* const module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    return absl::FailedPreconditionError(ToAbsl(StrCat("PKCS#11 module ", path, ": ", dlerror())));
  }
  const auto list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(module, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (list == nullptr || list(&functions) != CKR_OK) {
    return absl::FailedPreconditionError(
        ToAbsl(StrCat("PKCS#11 module ", path, ": has no C_GetFunctionList that works")));
  }
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV initialized = functions->C_Initialize(&arguments);
  if (initialized != CKR_OK && initialized != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
    return absl::FailedPreconditionError(
        ToAbsl(StrCat("PKCS#11 module ", path, ": C_Initialize: ", NameOf(initialized))));
  }
  (*loaded)[path] = functions;
  return functions;
}

// Labels are padded with spaces.
std::string LabelOf(const CK_TOKEN_INFO& info) {
  std::string label(reinterpret_cast<const char*>(info.label), sizeof(info.label));
  label.erase(label.find_last_not_of(' ') + 1);
  return label;
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
unsigned char* Bytes(std::string_view text) {
  // The interface has no const; nothing is written through it.
  return reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
}

class Gcm {
 public:
  Gcm(std::string iv, std::string context) : iv_(std::move(iv)), context_(std::move(context)) {
    params_.iv_ptr = Bytes(iv_);
    params_.iv_len = iv_.size();
    params_.iv_bits = iv_.size() * 8;
    params_.aad_ptr = Bytes(context_);
    params_.aad_len = context_.size();
    params_.tag_bits = kTagBytes * 8;
    mechanism_ = {CKM_AES_GCM, &params_, sizeof(params_)};
  }
  CK_MECHANISM* mechanism() { return &mechanism_; }

 private:
  std::string iv_;
  std::string context_;
  CK_GCM_PARAMS params_{};
  CK_MECHANISM mechanism_{};
};

}  // namespace

absl::Status Pkcs11Token::Check(const char* call, CK_RV result) const {
  if (result == CKR_OK) return absl::OkStatus();
  return Failed(label_, StrCat(call, ": ", NameOf(result)));
}

absl::StatusOr<CK_SLOT_ID> Pkcs11Token::FindSlot() const {
  CK_ULONG count = 0;
  RETURN_IF_ERROR(Check("C_GetSlotList", functions_->C_GetSlotList(CK_TRUE, nullptr, &count)));
  std::vector<CK_SLOT_ID> slots(count);
  RETURN_IF_ERROR(Check("C_GetSlotList", functions_->C_GetSlotList(CK_TRUE, slots.data(), &count)));
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO info{};
    if (functions_->C_GetTokenInfo(slot, &info) == CKR_OK && LabelOf(info) == label_) return slot;
  }
  return Failed(label_, "is not there; its label is what the setting pkcs11.token must say");
}

absl::StatusOr<std::unique_ptr<Pkcs11Token>> Pkcs11Token::Open(const Pkcs11Options& options) {
  ASSIGN_OR_RETURN(CK_FUNCTION_LIST* const functions, Load(options.module));
  std::unique_ptr<Pkcs11Token> token(new Pkcs11Token(options.token, functions));
  ASSIGN_OR_RETURN(const CK_SLOT_ID slot, token->FindSlot());
  ASSIGN_OR_RETURN(const crypto::SecretBytes pin, crypto::ReadSecretFile(options.pin_file));
  std::string_view digits = pin.view(crypto::SecretAccess::ForSeal());
  while (!digits.empty() && (digits.back() == '\n' || digits.back() == '\r')) {
    digits.remove_suffix(1);
  }
  RETURN_IF_ERROR(token->Check(
      "C_OpenSession", functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                                nullptr, &token->session_)));
  const CK_RV login = functions->C_Login(token->session_, CKU_USER, Bytes(digits), digits.size());
  // Signing in is the process's, not the session's.
  if (login != CKR_USER_ALREADY_LOGGED_IN) RETURN_IF_ERROR(token->Check("C_Login", login));
  return token;
}

Pkcs11Token::~Pkcs11Token() {
  if (session_ != 0) functions_->C_CloseSession(session_);
}

absl::StatusOr<CK_OBJECT_HANDLE> Pkcs11Token::FindKey(const std::string& label) const {
  CK_OBJECT_CLASS secret_key = CKO_SECRET_KEY;
  std::array<CK_ATTRIBUTE, 2> wanted = {
      CK_ATTRIBUTE{CKA_CLASS, &secret_key, sizeof(secret_key)},
      CK_ATTRIBUTE{CKA_LABEL, Bytes(std::string_view(label)), label.size()}};
  RETURN_IF_ERROR(Check("C_FindObjectsInit",
                        functions_->C_FindObjectsInit(session_, wanted.data(), wanted.size())));
  std::array<CK_OBJECT_HANDLE, 2> found{};
  CK_ULONG count = 0;
  const CK_RV result = functions_->C_FindObjects(session_, found.data(), found.size(), &count);
  functions_->C_FindObjectsFinal(session_);
  RETURN_IF_ERROR(Check("C_FindObjects", result));
  if (count == 0) {
    return absl::NotFoundError(ToAbsl(StrCat("PKCS#11 token ", label_, ": has no secret key ",
                                             label, "; kasbah-vault --init-pkcs11 makes one")));
  }
  if (count > 1) return Failed(label_, StrCat("has several secret keys ", label));
  return found[0];
}

absl::Status Pkcs11Token::MakeKey(const std::string& label) const {
  CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, nullptr, 0};
  CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
  CK_ULONG size = kKeyBytes;
  std::array<CK_ATTRIBUTE, 7> attributes = {
      CK_ATTRIBUTE{CKA_LABEL, Bytes(std::string_view(label)), label.size()},
      CK_ATTRIBUTE{CKA_VALUE_LEN, &size, sizeof(size)},
      CK_ATTRIBUTE{CKA_TOKEN, &yes, sizeof(yes)},
      CK_ATTRIBUTE{CKA_SENSITIVE, &yes, sizeof(yes)},
      CK_ATTRIBUTE{CKA_EXTRACTABLE, &no, sizeof(no)},
      CK_ATTRIBUTE{CKA_ENCRYPT, &yes, sizeof(yes)},
      CK_ATTRIBUTE{CKA_DECRYPT, &yes, sizeof(yes)}};
  CK_OBJECT_HANDLE key = 0;
  return Check("C_GenerateKey", functions_->C_GenerateKey(session_, &mechanism, attributes.data(),
                                                          attributes.size(), &key));
}

absl::StatusOr<std::string> Pkcs11Token::Encrypt(CK_OBJECT_HANDLE key, std::string iv,
                                                 std::string context,
                                                 std::string_view plaintext) const {
  Gcm gcm(std::move(iv), std::move(context));
  RETURN_IF_ERROR(
      Check("C_EncryptInit", functions_->C_EncryptInit(session_, gcm.mechanism(), key)));
  std::string ciphertext(plaintext.size() + kTagBytes, '\0');
  CK_ULONG size = ciphertext.size();
  RETURN_IF_ERROR(
      Check("C_Encrypt", functions_->C_Encrypt(session_, Bytes(plaintext), plaintext.size(),
                                               Bytes(ciphertext), &size)));
  ciphertext.resize(size);
  return ciphertext;
}

absl::StatusOr<crypto::SecretBytes> Pkcs11Token::Decrypt(CK_OBJECT_HANDLE key, std::string iv,
                                                         std::string context,
                                                         std::string_view ciphertext) const {
  if (ciphertext.size() < kTagBytes) return Failed(label_, "what is wrapped is cut short");
  Gcm gcm(std::move(iv), std::move(context));
  RETURN_IF_ERROR(
      Check("C_DecryptInit", functions_->C_DecryptInit(session_, gcm.mechanism(), key)));
  // As long as the ciphertext: modules ask for room for the tag too.
  crypto::SecretBytes room = crypto::SecretBytes::OfSize(ciphertext.size());
  CK_ULONG size = ciphertext.size();
  RETURN_IF_ERROR(
      Check("C_Decrypt",
            functions_->C_Decrypt(session_, Bytes(ciphertext), ciphertext.size(),
                                  room.mutable_data(crypto::SecretAccess::ForSeal()), &size)));
  return crypto::SecretBytes::Copy(room.view(crypto::SecretAccess::ForSeal()).substr(0, size));
}

}  // namespace kasbah::vault
