#include "services/auth/rpc/messages.h"

#include "libs/base/error.h"
#include "libs/base/timestamp.h"

namespace kasbah::auth {

v1::Role ToMessage(Role role) {
  switch (role) {
    case Role::kOwner:
      return v1::ROLE_OWNER;
    case Role::kAdmin:
      return v1::ROLE_ADMIN;
    case Role::kMember:
      return v1::ROLE_MEMBER;
    case Role::kViewer:
      return v1::ROLE_VIEWER;
  }
  return v1::ROLE_UNSPECIFIED;
}

absl::StatusOr<Role> FromMessage(v1::Role role) {
  for (const Role known : kRoles) {
    if (ToMessage(known) == role) return known;
  }
  return InvalidField("role", "must be owner, admin, member or viewer");
}

v1::ApiKey ToMessage(const ApiKey& key) {
  v1::ApiKey message;
  message.set_api_key_id(key.id.ToString());
  message.set_display_name(key.display_name);
  message.set_role(ToMessage(key.role));
  if (key.customer) message.set_customer_id(key.customer->ToString());
  message.set_prefix(key.prefix);
  *message.mutable_create_time() = ToTimestamp(key.create_time);
  if (key.expire_time) *message.mutable_expire_time() = ToTimestamp(*key.expire_time);
  if (key.revoke_time) *message.mutable_revoke_time() = ToTimestamp(*key.revoke_time);
  message.set_created_by(key.created_by);
  return message;
}

v1::Membership ToMessage(const Membership& member, std::string_view email) {
  v1::Membership message;
  message.set_user_id(member.user.ToString());
  message.set_email(std::string(email));
  message.set_display_name(member.display_name);
  message.set_role(ToMessage(member.role));
  *message.mutable_create_time() = ToTimestamp(member.create_time);
  return message;
}

v1::Revocation ToMessage(const Revocation& revocation) {
  v1::Revocation message;
  switch (revocation.kind) {
    case Revocation::Kind::kSession:
      message.set_kind(v1::Revocation::KIND_SESSION);
      break;
    case Revocation::Kind::kCredential:
      message.set_kind(v1::Revocation::KIND_CREDENTIAL);
      break;
    case Revocation::Kind::kActor:
      message.set_kind(v1::Revocation::KIND_ACTOR);
      break;
    case Revocation::Kind::kTenant:
      message.set_kind(v1::Revocation::KIND_TENANT);
      break;
  }
  message.set_subject(revocation.subject);
  *message.mutable_not_before() = ToTimestamp(revocation.not_before);
  return message;
}

}  // namespace kasbah::auth
