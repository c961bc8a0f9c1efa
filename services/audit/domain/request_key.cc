#include "services/audit/domain/request_key.h"

#include <cstring>
#include <string>

#include "libs/base/strings.h"
#include "libs/base/uuid.h"
#include "libs/crypto/hash.h"
#include "libs/merkle/json_text.h"

namespace kasbah::audit {
namespace {

int64_t FirstBytes(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes.substr(0, 8)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  int64_t key = 0;
  std::memcpy(&key, &number, sizeof(key));
  return key;
}

}  // namespace

int64_t RequestKeyOf(std::string_view request_id) {
  const absl::StatusOr<Uuid> uuid = Uuid::Parse(request_id);
  if (uuid.ok()) return FirstBytes(uuid->view());
  return FirstBytes(crypto::Sha256(request_id));
}

bool BodyHasRequest(std::string_view body, std::string_view request_id) {
  // No text within the body can hold this: its quotes would be escaped. Attributes, which may have
  // any name, come behind it.
  std::string member = ",\"request_id\":";
  merkle::AppendJsonString(request_id, &member);
  return body.substr(0, body.find(",\"attributes\":{")).find(member) != std::string_view::npos;
}

}  // namespace kasbah::audit
