#include "services/webhook/delivery/vault_signer.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/channel.h"

namespace kasbah::webhook {
namespace {

constexpr absl::Duration kSignTimeout = absl::Seconds(5);
// The vault takes 8 MiB and 1,000 items; a delivery is two of them.
constexpr size_t kMaxBytes = 4 * 1024 * 1024;
constexpr size_t kMaxDeliveries = 500;

vault::v1::BatchSealedMacRequest::Item* AddItem(const ToSign& item, const std::string& data,
                                                vault::v1::BatchSealedMacRequest* request) {
  vault::v1::BatchSealedMacRequest::Item* added = request->add_items();
  added->set_tenant_id(item.tenant.ToString());
  added->set_sealed_key(std::string(item.sealed_secret));
  for (const auto& [key, value] : SecretContext(item.endpoint)) {
    (*added->mutable_context())[key] = value;
  }
  added->set_data(data);
  return added;
}

absl::Status StatusOfItem(const vault::v1::BatchSealedMacResponse::Item& item) {
  if (item.error().empty() && item.mac().size() == 32) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition,
               item.error().empty() ? "SIGNING_FAILED" : item.error(), "not signed");
}

}  // namespace

std::map<std::string, std::string> SecretContext(EndpointId endpoint) {
  return {{"endpoint", endpoint.ToString()}};
}

VaultSigner::VaultSigner(std::shared_ptr<grpc::Channel> vault, std::string workload)
    : vault_(vault::v1::CryptoService::NewStub(std::move(vault))), workload_(std::move(workload)) {}

absl::StatusOr<std::vector<Signed>> VaultSigner::Sign(const std::vector<ToSign>& items) {
  std::vector<Signed> out;
  out.reserve(items.size());
  size_t from = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    const size_t size = items[i].standard.size() + items[i].plain.size();
    if (i > from && (bytes + size > kMaxBytes || i - from == kMaxDeliveries)) {
      RETURN_IF_ERROR(SignSome(items, from, i, &out));
      from = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < items.size()) RETURN_IF_ERROR(SignSome(items, from, items.size(), &out));
  return out;
}

absl::Status VaultSigner::SignSome(const std::vector<ToSign>& items, size_t from, size_t to,
                                   std::vector<Signed>* out) {
  vault::v1::BatchSealedMacRequest request;
  request.set_key(kSecretKey);
  for (size_t i = from; i < to; ++i) {
    AddItem(items[i], items[i].standard, &request);
    AddItem(items[i], items[i].plain, &request);
  }
  const CallContext call =
      CallContext::ForBackground(workload_, TenantId(), absl::Now() + kSignTimeout);
  ASSIGN_OR_RETURN(
      const vault::v1::BatchSealedMacResponse reply,
      rpc::Invoke(call, *vault_, &vault::v1::CryptoService::Stub::BatchSealedMac, request));
  if (reply.items_size() != request.items_size()) {
    return absl::InternalError("the vault answered for another number of items");
  }
  for (int i = 0; i < reply.items_size(); i += 2) {
    Signed& one = out->emplace_back();
    one.status = StatusOfItem(reply.items(i));
    one.status.Update(StatusOfItem(reply.items(i + 1)));
    if (!one.status.ok()) continue;
    one.standard = reply.items(i).mac();
    one.plain = reply.items(i + 1).mac();
  }
  return absl::OkStatus();
}

}  // namespace kasbah::webhook
