#pragma once

#include <string>
#include <string_view>

#include "libs/base/uuid.h"

namespace kasbah {

namespace internal {
// TypeID 0.3: prefix, "_", 26 characters of Crockford's base32.
std::string FormatTypeId(std::string_view prefix, const Uuid& uuid);
absl::StatusOr<Uuid> ParseTypeId(std::string_view prefix, std::string_view text);
}  // namespace internal

// An id that knows what it names: a UUIDv7 inside and in the database, a TypeID (ten_01h…) outside.
// Ids of different things do not convert into each other.
template <typename Tag>
class TypedId {
 public:
  // The nil id, which names nothing.
  constexpr TypedId() = default;
  explicit constexpr TypedId(const Uuid& uuid) : uuid_(uuid) {}

  static TypedId New(absl::Time now) { return TypedId(Uuid::V7(now)); }

  // INVALID_ARGUMENT, naming the prefix that was expected, for anything but this kind of id.
  static absl::StatusOr<TypedId> Parse(std::string_view text) {
    absl::StatusOr<Uuid> uuid = internal::ParseTypeId(Tag::kPrefix, text);
    if (!uuid.ok()) return uuid.status();
    return TypedId(*uuid);
  }

  const Uuid& uuid() const { return uuid_; }
  bool is_nil() const { return uuid_.is_nil(); }
  std::string ToString() const { return internal::FormatTypeId(Tag::kPrefix, uuid_); }

  friend constexpr auto operator<=>(const TypedId&, const TypedId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const TypedId& id) {
    return H::combine(std::move(h), id.uuid_);
  }

 private:
  Uuid uuid_;
};

#define KASBAH_DEFINE_ID(name, prefix)                  \
  struct name##Tag {                                    \
    static constexpr std::string_view kPrefix = prefix; \
  };                                                    \
  using name = TypedId<name##Tag>

KASBAH_DEFINE_ID(TenantId, "ten");
KASBAH_DEFINE_ID(CustomerId, "cus");
KASBAH_DEFINE_ID(UserId, "usr");
KASBAH_DEFINE_ID(ApiKeyId, "key");
KASBAH_DEFINE_ID(WorkloadId, "wkl");
KASBAH_DEFINE_ID(SecretId, "sec");
KASBAH_DEFINE_ID(KeyId, "kmk");
KASBAH_DEFINE_ID(RewrapId, "rwr");
KASBAH_DEFINE_ID(CollectionId, "col");
KASBAH_DEFINE_ID(FieldId, "fld");
KASBAH_DEFINE_ID(FieldGroupId, "fgr");
KASBAH_DEFINE_ID(RecordId, "rec");
KASBAH_DEFINE_ID(FileId, "fil");
KASBAH_DEFINE_ID(EndpointId, "ep");
KASBAH_DEFINE_ID(MessageId, "msg");
KASBAH_DEFINE_ID(AttemptId, "atmpt");
KASBAH_DEFINE_ID(EventId, "evt");
KASBAH_DEFINE_ID(OperationId, "op");
KASBAH_DEFINE_ID(MoveId, "mov");
KASBAH_DEFINE_ID(SinkId, "snk");
KASBAH_DEFINE_ID(HoldId, "hld");
KASBAH_DEFINE_ID(ArchiveId, "arc");
KASBAH_DEFINE_ID(IncidentId, "inc");

// Owns what belongs to the installation and no tenant: system keys, operators' events. No assertion
// can carry it.
inline constexpr TenantId kSystemTenant{
    Uuid({0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0})};

}  // namespace kasbah
