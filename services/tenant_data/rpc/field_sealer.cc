#include "services/tenant_data/rpc/field_sealer.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/channel.h"

namespace kasbah::tenantdata {
namespace {

using vault::v1::BatchDecryptRequest;
using vault::v1::BatchDecryptResponse;
using vault::v1::BatchEncryptRequest;
using vault::v1::BatchEncryptResponse;
using vault::v1::CryptoService;

constexpr int kMaxItems = 1000;
constexpr size_t kMaxBytes = 4'000'000;

template <typename Map>
void Bind(const SealItem& item, Map* context) {
  for (const auto& [name, value] : FieldContext(item.record, item.field)) (*context)[name] = value;
}

// The end of the batch that begins at `begin`.
size_t BatchEnd(const std::vector<SealItem>& items, size_t begin) {
  size_t bytes = 0;
  size_t end = begin;
  while (end < items.size() && end - begin < kMaxItems) {
    bytes += items[end].bytes.size();
    if (bytes > kMaxBytes && end > begin) break;
    ++end;
  }
  return end;
}

}  // namespace

std::map<std::string, std::string> FieldContext(RecordId record, FieldId field) {
  return {{"record", record.ToString()}, {"field", field.ToString()}};
}

FieldSealer::FieldSealer(std::shared_ptr<grpc::Channel> channel)
    : vault_(CryptoService::NewStub(std::move(channel))) {}

absl::StatusOr<std::vector<SealedValue>> FieldSealer::Seal(const CallContext& call,
                                                           const std::vector<SealItem>& items) {
  std::vector<SealedValue> ciphertexts;
  for (size_t begin = 0; begin < items.size();) {
    const size_t end = BatchEnd(items, begin);
    BatchEncryptRequest request;
    request.set_key(std::string(kFieldsKey));
    for (size_t i = begin; i < end; ++i) {
      BatchEncryptRequest::Item* item = request.add_items();
      item->set_plaintext(items[i].bytes);
      item->set_subject(items[i].subject);
      Bind(items[i], item->mutable_context());
    }
    absl::StatusOr<BatchEncryptResponse> reply =
        rpc::Invoke(call, *vault_, &CryptoService::Stub::BatchEncrypt, request);
    if (!reply.ok()) return FromVault(reply.status());
    if (static_cast<size_t>(reply->items_size()) != end - begin) {
      return absl::InternalError("the vault sealed another number of values");
    }
    for (BatchEncryptResponse::Item& item : *reply->mutable_items()) {
      if (item.error() == kKeyShredded) {
        ciphertexts.emplace_back();
      } else if (!item.error().empty()) {
        return absl::InternalError(ToAbsl(StrCat("the vault refused a value: ", item.error())));
      } else {
        ciphertexts.emplace_back(std::move(*item.mutable_ciphertext()));
      }
    }
    begin = end;
  }
  return ciphertexts;
}

absl::StatusOr<std::vector<OpenedValue>> FieldSealer::Open(const CallContext& call,
                                                           const std::vector<SealItem>& items) {
  std::vector<OpenedValue> opened;
  for (size_t begin = 0; begin < items.size();) {
    const size_t end = BatchEnd(items, begin);
    BatchDecryptRequest request;
    request.set_key(std::string(kFieldsKey));
    for (size_t i = begin; i < end; ++i) {
      BatchDecryptRequest::Item* item = request.add_items();
      item->set_ciphertext(items[i].bytes);
      item->set_subject(items[i].subject);
      Bind(items[i], item->mutable_context());
    }
    absl::StatusOr<BatchDecryptResponse> reply =
        rpc::Invoke(call, *vault_, &CryptoService::Stub::BatchDecrypt, request);
    if (!reply.ok()) return FromVault(reply.status());
    if (static_cast<size_t>(reply->items_size()) != end - begin) {
      return absl::InternalError("the vault opened another number of values");
    }
    for (BatchDecryptResponse::Item& item : *reply->mutable_items()) {
      opened.push_back({std::move(*item.mutable_plaintext()), std::move(*item.mutable_error())});
    }
    begin = end;
  }
  return opened;
}

}  // namespace kasbah::tenantdata
