#include "services/webhook/rpc/endpoint_service.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "libs/outbox/audit_event.h"
#include "libs/rpc/channel.h"
#include "services/webhook/delivery/vault_signer.h"
#include "services/webhook/domain/event_filter.h"
#include "services/webhook/domain/signature.h"
#include "services/webhook/rpc/conversion.h"
#include "services/webhook/rpc/page.h"

namespace kasbah::webhook {
namespace {

constexpr size_t kSecretBytes = 32;

}  // namespace

EndpointService::EndpointService(rpc::Pipeline& pipeline, postgres::Database& database,
                                 outbox::Outbox& outbox, std::shared_ptr<grpc::Channel> vault,
                                 http::UrlRules rules, http::AddressGuard guard, const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      vault_(vault::v1::CryptoService::NewStub(std::move(vault))),
      rules_(rules),
      guard_(std::move(guard)),
      clock_(clock) {}

absl::StatusOr<Endpoint> EndpointService::ParseEndpoint(
    const v1::CreateEndpointRequest& request) const {
  std::vector<Violation> violations;
  const absl::StatusOr<http::Url> url = http::ParseGuardedUrl(request.url(), rules_, guard_);
  if (!url.ok()) {
    violations.push_back({"url", std::string(url.status().message()), ReasonOf(url.status())});
  }
  for (int i = 0; i < request.event_types_size(); ++i) {
    if (IsEventFilter(request.event_types(i))) continue;
    violations.push_back({StrCat("event_types[", i, "]"),
                          "must be an event type such as record.created or record.*",
                          "EVENT_FILTER"});
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));

  const absl::Time now = clock_.Now();
  Endpoint endpoint;
  endpoint.id = EndpointId::New(now);
  endpoint.url = url->text;
  endpoint.description = request.description();
  endpoint.event_types.assign(request.event_types().begin(), request.event_types().end());
  endpoint.create_time = now;
  return endpoint;
}

absl::StatusOr<std::string> EndpointService::Seal(const rpc::Call& call, EndpointId endpoint,
                                                  const std::string& secret) {
  vault::v1::EncryptRequest request;
  request.set_key(kSecretKey);
  request.set_plaintext(secret);
  for (const auto& [key, value] : SecretContext(endpoint)) {
    (*request.mutable_context())[key] = value;
  }
  absl::StatusOr<vault::v1::EncryptResponse> sealed =
      rpc::Invoke(call, *vault_, &vault::v1::CryptoService::Stub::Encrypt, request);
  crypto::Wipe(*request.mutable_plaintext());
  if (!sealed.ok()) return sealed.status();
  return std::move(*sealed->mutable_ciphertext());
}

absl::StatusOr<v1::CreateEndpointResponse> EndpointService::Create(
    const rpc::Call& call, const v1::CreateEndpointRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(request));
  std::string secret = crypto::RandomBytes(kSecretBytes);
  const absl::StatusOr<std::string> sealed = Seal(call, endpoint.id, secret);
  v1::CreateEndpointResponse reply;
  reply.set_secret(SecretText(secret));
  crypto::Wipe(secret);
  if (!sealed.ok()) return sealed.status();

  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) {
    endpoints_.Insert(tx, call.tenant, endpoint, *sealed);
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "endpoint.create", {"endpoint", endpoint.id.ToString(), ""},
                          {{"event_types", StrCat(endpoint.event_types.size())}}));
  }));
  *reply.mutable_endpoint() = ToProto(endpoint);
  return reply;
}

absl::StatusOr<v1::Endpoint> EndpointService::Get(const rpc::Call& call,
                                                  const v1::GetEndpointRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const EndpointId id, EndpointId::Parse(request.endpoint_id()));
  ASSIGN_OR_RETURN(const Endpoint endpoint,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return endpoints_.Get(tx, call.tenant, id);
                   }));
  return ToProto(endpoint);
}

absl::StatusOr<v1::ListEndpointsResponse> EndpointService::List(
    const rpc::Call& call, const v1::ListEndpointsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const Page page, Page::Parse(request.page_size(), request.page_token(), 1));
  const EndpointId after = page.after.empty() ? EndpointId() : EndpointId(page.after[0]);
  ASSIGN_OR_RETURN(std::vector<Endpoint> endpoints,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return endpoints_.List(tx, call.tenant, after, page.limit());
                   }));
  v1::ListEndpointsResponse reply;
  if (static_cast<int>(endpoints.size()) > page.size) {
    endpoints.resize(static_cast<size_t>(page.size));
    reply.set_next_page_token(Page::Token({endpoints.back().id.uuid()}));
  }
  for (const Endpoint& endpoint : endpoints) *reply.add_endpoints() = ToProto(endpoint);
  return reply;
}

absl::StatusOr<v1::DeleteEndpointResponse> EndpointService::Delete(
    const rpc::Call& call, const v1::DeleteEndpointRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const EndpointId id, EndpointId::Parse(request.endpoint_id()));
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) {
    endpoints_.Delete(tx, call.tenant, id);
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "endpoint.delete", {"endpoint", id.ToString(), ""}));
  }));
  return v1::DeleteEndpointResponse();
}

}  // namespace kasbah::webhook
