#include "libs/merkle/leaf.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/hash.h"

namespace kasbah::merkle {
namespace {

constexpr char kVersion = 1;
constexpr char kHashLength = 32;

void AppendMicros(absl::Time time, std::string* out) {
  const auto micros = static_cast<uint64_t>(absl::ToUnixMicros(time));
  for (int shift = 56; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>((micros >> shift) & 0xff));
  }
}

// Takes leaf bytes from the front.
class LeafReader {
 public:
  explicit LeafReader(std::string_view bytes) : rest_(bytes) {}

  absl::StatusOr<std::string_view> Take(size_t size) {
    if (rest_.size() < size) return absl::InvalidArgumentError("the leaf is cut short");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  absl::StatusOr<char> Byte() {
    ASSIGN_OR_RETURN(const std::string_view byte, Take(1));
    return byte[0];
  }
  absl::StatusOr<absl::Time> Micros() {
    ASSIGN_OR_RETURN(const std::string_view bytes, Take(8));
    uint64_t micros = 0;
    for (const char c : bytes) micros = (micros << 8) | static_cast<unsigned char>(c);
    return absl::FromUnixMicros(static_cast<int64_t>(micros));
  }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

absl::StatusOr<std::optional<Hash>> TakeHash(LeafReader& reader) {
  ASSIGN_OR_RETURN(const char length, reader.Byte());
  if (length == 0) return std::optional<Hash>();
  if (length != kHashLength)
    return absl::InvalidArgumentError("a hash of the leaf has another size");
  ASSIGN_OR_RETURN(const std::string_view bytes, reader.Take(sizeof(Hash)));
  ASSIGN_OR_RETURN(const Hash hash, ParseHash(bytes));
  return std::optional<Hash>(hash);
}

}  // namespace

Hash CommitPersonal(std::string_view name, std::string_view salt, std::string_view value) {
  KASBAH_CHECK(salt.size() == kSaltSize && name.size() < 256);
  std::string input;
  input.reserve(1 + name.size() + salt.size() + value.size());
  input.push_back(static_cast<char>(name.size()));
  input.append(name).append(salt).append(value);
  return Sha256Of(input);
}

std::string Leaf::Serialize() const {
  std::string bytes;
  bytes.reserve(1 + 16 + 16 + 8 + 8 + 33 * (1 + kPersonalFields.size()));
  bytes.push_back(kVersion);
  bytes.append(tenant.uuid().view());
  bytes.append(event_id.uuid().view());
  AppendMicros(occurred_at, &bytes);
  AppendMicros(recorded_at, &bytes);
  bytes.push_back(kHashLength);
  bytes.append(View(body));
  for (const std::optional<Hash>& commitment : personal) {
    bytes.push_back(commitment ? kHashLength : '\0');
    if (commitment) bytes.append(View(*commitment));
  }
  return bytes;
}

absl::StatusOr<Leaf> Leaf::Parse(std::string_view bytes) {
  LeafReader reader(bytes);
  Leaf leaf;
  ASSIGN_OR_RETURN(const char version, reader.Byte());
  if (version != kVersion) return absl::InvalidArgumentError("a leaf of another version");
  ASSIGN_OR_RETURN(const std::string_view tenant, reader.Take(16));
  ASSIGN_OR_RETURN(const Uuid tenant_uuid, Uuid::FromBytes(tenant));
  leaf.tenant = TenantId(tenant_uuid);
  ASSIGN_OR_RETURN(const std::string_view event, reader.Take(16));
  ASSIGN_OR_RETURN(const Uuid event_uuid, Uuid::FromBytes(event));
  leaf.event_id = EventId(event_uuid);
  ASSIGN_OR_RETURN(leaf.occurred_at, reader.Micros());
  ASSIGN_OR_RETURN(leaf.recorded_at, reader.Micros());
  ASSIGN_OR_RETURN(const std::optional<Hash> body, TakeHash(reader));
  if (!body) return absl::InvalidArgumentError("the leaf has no hash of the event");
  leaf.body = *body;
  for (std::optional<Hash>& commitment : leaf.personal) {
    ASSIGN_OR_RETURN(commitment, TakeHash(reader));
  }
  if (!reader.AtEnd()) return absl::InvalidArgumentError("the leaf goes on past its end");
  return leaf;
}

std::string FormatLogTime(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

}  // namespace kasbah::merkle
