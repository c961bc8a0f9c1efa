#include "services/auth/rpc/api_key_service.h"

#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/outbox/audit_event.h"
#include "services/auth/domain/api_key_text.h"
#include "services/auth/rpc/authority.h"
#include "services/auth/rpc/messages.h"
#include "services/auth/rpc/paging.h"
#include "services/auth/store/revocation_store.h"

namespace kasbah::auth {
namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;

outbox::Target TargetOf(ApiKeyId id) { return {"api_key", id.ToString(), ""}; }

Attributes AttributesOf(const ApiKey& key) {
  Attributes attributes = {{"role", std::string(NameOf(key.role))}};
  if (key.customer) attributes.emplace_back("customer_id", key.customer->ToString());
  return attributes;
}

// Whom the new key is for: a caller who is here for one customer makes keys for that one.
absl::StatusOr<std::optional<CustomerId>> CustomerOf(const rpc::Call& call,
                                                     const std::string& customer_id) {
  if (customer_id.empty()) return call.customer;
  ASSIGN_OR_RETURN(const CustomerId customer, CustomerId::Parse(customer_id));
  if (call.customer.has_value() && *call.customer != customer) {
    return Error(absl::StatusCode::kPermissionDenied, reason::kPermissionDenied,
                 "the key would be for another customer than you are here for");
  }
  return customer;
}

absl::StatusOr<ApiKey> NewKey(const rpc::Call& call, const v1::CreateApiKeyRequest& request,
                              absl::Time now) {
  ApiKey key;
  ASSIGN_OR_RETURN(key.role, FromMessage(request.role()));
  RETURN_IF_ERROR(CheckMayGrant(call, key.role));
  ASSIGN_OR_RETURN(key.customer, CustomerOf(call, request.customer_id()));
  if (request.has_expire_time()) {
    ASSIGN_OR_RETURN(const absl::Time expire, FromTimestamp(request.expire_time(), "expire_time"));
    if (expire <= now) return InvalidField("expire_time", "must be in the future");
    key.expire_time = StoredTime(expire);
  }
  key.id = ApiKeyId::New(now);
  key.display_name = request.display_name();
  key.create_time = now;
  return key;
}

}  // namespace

ApiKeyService::ApiKeyService(rpc::Pipeline& pipeline, postgres::Database& database,
                             outbox::Outbox& outbox, const Clock& clock)
    : pipeline_(pipeline), database_(database), outbox_(outbox), clock_(clock) {}

absl::StatusOr<v1::CreateApiKeyResponse> ApiKeyService::Create(
    const rpc::Call& call, const v1::CreateApiKeyRequest& request) {
  ASSIGN_OR_RETURN(ApiKey key, NewKey(call, request, StoredTime(clock_.Now())));
  const ApiKeyText text = ApiKeyText::Make(call.tenant, key.id);
  key.prefix = text.DisplayPrefix();
  key.created_by = call.actor.id;

  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    keys_.Insert(tx, call.tenant, key, text.Hash());
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "api_key.create", TargetOf(key.id), AttributesOf(key)));
  }));
  v1::CreateApiKeyResponse response;
  *response.mutable_api_key() = ToMessage(key);
  response.set_secret(text.text);
  return response;
}

absl::StatusOr<v1::ListApiKeysResponse> ApiKeyService::List(const rpc::Call& call,
                                                            const v1::ListApiKeysRequest& request) {
  ASSIGN_OR_RETURN(const Page<ApiKeyId> page,
                   Page<ApiKeyId>::Parse(request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<ApiKey> keys,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return keys_.List(tx, call.tenant, page.after, page.limit());
                   }));
  v1::ListApiKeysResponse response;
  response.set_next_page_token(page.Cut(&keys, [](const ApiKey& key) { return key.id; }));
  for (const ApiKey& key : keys) *response.add_api_keys() = ToMessage(key);
  return response;
}

absl::StatusOr<v1::RevokeApiKeyResponse> ApiKeyService::Revoke(
    const rpc::Call& call, const v1::RevokeApiKeyRequest& request) {
  ASSIGN_OR_RETURN(const ApiKeyId id, ApiKeyId::Parse(request.api_key_id()));
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const ApiKey key, keys_.Lock(tx, call.tenant, id).Await());
    // It ended before; there is nothing more to do, and nothing to tell the trail.
    if (key.revoke_time.has_value()) return absl::OkStatus();
    End(tx, call, id, StoredTime(clock_.Now()));
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "api_key.revoke", TargetOf(id), AttributesOf(key)));
  }));
  return v1::RevokeApiKeyResponse();
}

absl::StatusOr<v1::RotateApiKeyResponse> ApiKeyService::Rotate(
    const rpc::Call& call, const v1::RotateApiKeyRequest& request) {
  ASSIGN_OR_RETURN(const ApiKeyId id, ApiKeyId::Parse(request.api_key_id()));
  if (request.overlap_seconds() < 0) return InvalidField("overlap_seconds", "must not be negative");
  const absl::Duration overlap = absl::Seconds(request.overlap_seconds());
  const absl::Time now = StoredTime(clock_.Now());
  const ApiKeyText text = ApiKeyText::Make(call.tenant, ApiKeyId::New(now));

  ASSIGN_OR_RETURN(
      const ApiKey successor,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<ApiKey> {
        ASSIGN_OR_RETURN(const ApiKey old, keys_.Lock(tx, call.tenant, id).Await());
        // Its secret is handed out: as much as making one of that role.
        RETURN_IF_ERROR(CheckMayGrant(call, old.role));
        RETURN_IF_ERROR(CheckRotatable(old, now));
        ApiKey next = SuccessorOf(old, text.id, now);
        next.prefix = text.DisplayPrefix();
        next.created_by = call.actor.id;
        keys_.Insert(tx, call.tenant, next, text.Hash());
        keys_.SetSuccessor(tx, call.tenant, id, next.id, EndOfOverlap(old, overlap, now));
        if (overlap == absl::ZeroDuration()) End(tx, call, id, now);
        Attributes attributes = AttributesOf(next);
        attributes.emplace_back("successor_id", next.id.ToString());
        attributes.emplace_back("overlap_seconds", StrCat(request.overlap_seconds()));
        RETURN_IF_ERROR(
            outbox_.AppendAudit(tx, call,
                                outbox::Succeeded(call, clock_, "api_key.rotate", TargetOf(id),
                                                  std::move(attributes))));
        return next;
      }));
  v1::RotateApiKeyResponse response;
  *response.mutable_api_key() = ToMessage(successor);
  response.set_secret(text.text);
  return response;
}

void ApiKeyService::End(postgres::Transaction& tx, const rpc::Call& call, ApiKeyId key,
                        absl::Time now) const {
  keys_.Revoke(tx, call.tenant, key, now);
  AppendRevocation(tx, call.tenant, {Revocation::Kind::kCredential, key.ToString(), now});
}

}  // namespace kasbah::auth
