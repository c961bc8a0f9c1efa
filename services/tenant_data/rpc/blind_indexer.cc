#include "services/tenant_data/rpc/blind_indexer.h"

#include <algorithm>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/rpc/channel.h"
#include "services/tenant_data/rpc/field_sealer.h"

namespace kasbah::tenantdata {
namespace {

using vault::v1::BatchBlindIndexRequest;
using vault::v1::BatchBlindIndexResponse;
using vault::v1::CryptoService;

constexpr size_t kMaxItems = 1000;
constexpr uint32_t kBits = 128;
// Older versions than so many are not searched; the vault's upkeep has them indexed again.
constexpr uint32_t kMaxVersions = 16;

std::string IndexOf(uint32_t version, const std::string& hash) {
  std::string index;
  for (int shift = 24; shift >= 0; shift -= 8) {
    index.push_back(static_cast<char>((version >> shift) & 0xFF));
  }
  return index + hash;
}

void AddItem(const BlindItem& value, uint32_t version, BatchBlindIndexRequest* request) {
  BatchBlindIndexRequest::Item* item = request->add_items();
  item->set_value(value.json);
  (*item->mutable_context())["field"] = value.field.ToString();
  item->set_bits(kBits);
  item->set_key_version(version);
}

absl::StatusOr<BatchBlindIndexResponse> Ask(const CallContext& call, CryptoService::Stub& vault,
                                            BatchBlindIndexRequest request) {
  request.set_key(std::string(kBlindKey));
  const auto reply = rpc::Invoke(call, vault, &CryptoService::Stub::BatchBlindIndex, request);
  if (!reply.ok()) return FromVault(reply.status());
  if (reply->items_size() != request.items_size()) {
    return absl::InternalError("the vault indexed another number of values");
  }
  return reply;
}

}  // namespace

BlindIndexer::BlindIndexer(std::shared_ptr<grpc::Channel> vault)
    : vault_(CryptoService::NewStub(std::move(vault))) {}

absl::StatusOr<std::vector<std::string>> BlindIndexer::Index(const CallContext& call,
                                                             const std::vector<BlindItem>& items) {
  std::vector<std::string> indexes;
  for (size_t begin = 0; begin < items.size(); begin += kMaxItems) {
    BatchBlindIndexRequest request;
    const size_t end = std::min(items.size(), begin + kMaxItems);
    for (size_t i = begin; i < end; ++i) AddItem(items[i], 0, &request);
    ASSIGN_OR_RETURN(const BatchBlindIndexResponse reply, Ask(call, *vault_, std::move(request)));
    for (const BatchBlindIndexResponse::Item& item : reply.items()) {
      if (!item.error().empty()) return absl::InternalError("the vault did not index a value");
      indexes.push_back(IndexOf(item.key_version(), item.index()));
    }
  }
  return indexes;
}

absl::StatusOr<std::vector<std::vector<std::string>>> BlindIndexer::Lookup(
    const CallContext& call, const std::vector<BlindItem>& items) {
  std::vector<std::vector<std::string>> indexes(items.size());
  BatchBlindIndexRequest newest;
  for (const BlindItem& item : items) AddItem(item, 0, &newest);
  ASSIGN_OR_RETURN(const BatchBlindIndexResponse reply, Ask(call, *vault_, std::move(newest)));
  uint32_t version = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    const BatchBlindIndexResponse::Item& item = reply.items(static_cast<int>(i));
    if (!item.error().empty()) return absl::InternalError("the vault did not index a value");
    indexes[i].push_back(IndexOf(item.key_version(), item.index()));
    version = item.key_version();
  }
  // All older versions in one call; one that was destroyed, or is not to be used any more, answers
  // with an error of its own.
  BatchBlindIndexRequest older;
  std::vector<std::pair<size_t, uint32_t>> asked;
  const uint32_t oldest = version > kMaxVersions ? version - kMaxVersions : 0;
  for (uint32_t past = version; past-- > oldest + 1;) {
    for (size_t i = 0; i < items.size(); ++i) {
      AddItem(items[i], past, &older);
      asked.emplace_back(i, past);
    }
  }
  if (asked.empty()) return indexes;
  ASSIGN_OR_RETURN(const BatchBlindIndexResponse found, Ask(call, *vault_, std::move(older)));
  for (size_t i = 0; i < asked.size(); ++i) {
    const BatchBlindIndexResponse::Item& item = found.items(static_cast<int>(i));
    if (!item.error().empty()) continue;
    indexes[asked[i].first].push_back(IndexOf(asked[i].second, item.index()));
  }
  return indexes;
}

}  // namespace kasbah::tenantdata
