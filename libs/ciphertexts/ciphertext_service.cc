#include "libs/ciphertexts/ciphertext_service.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/rpc/channel.h"

namespace kasbah::ciphertexts {
namespace {

using vault::v1::BatchRewrapRequest;
using vault::v1::BatchRewrapResponse;
using vault::v1::CryptoService;

constexpr int kMaxItems = 1000;
constexpr size_t kMaxBytes = 4'000'000;

// The vault answers for many at a time; here they come one after the other.
class Rewrapper {
 public:
  Rewrapper(const CallContext& call, CryptoService::Stub& vault, const std::string& key)
      : call_(call), vault_(vault) {
    request_.set_key(key);
  }

  absl::Status Add(const Ciphertext& ciphertext) {
    if (request_.items_size() == kMaxItems || bytes_ > kMaxBytes) RETURN_IF_ERROR(Flush());
    BatchRewrapRequest::Item* item = request_.add_items();
    item->set_ciphertext(ciphertext.bytes);
    item->set_subject(ciphertext.subject);
    for (const auto& [name, value] : ciphertext.context) (*item->mutable_context())[name] = value;
    bytes_ += ciphertext.bytes.size();
    return absl::OkStatus();
  }
  // In the order they were added; empty for what did not open.
  absl::StatusOr<std::vector<std::string>> Finish() {
    RETURN_IF_ERROR(Flush());
    return std::move(sealed_);
  }

 private:
  absl::Status Flush() {
    if (request_.items().empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(BatchRewrapResponse reply,
                     rpc::Invoke(call_, vault_, &CryptoService::Stub::BatchRewrap, request_));
    if (reply.items_size() != request_.items_size()) {
      return absl::InternalError("the vault sealed another number of values");
    }
    for (BatchRewrapResponse::Item& item : *reply.mutable_items()) {
      sealed_.push_back(item.error().empty() ? std::move(*item.mutable_ciphertext()) : "");
    }
    request_.clear_items();
    bytes_ = 0;
    return absl::OkStatus();
  }

  const CallContext& call_;
  CryptoService::Stub& vault_;
  BatchRewrapRequest request_;
  size_t bytes_ = 0;
  std::vector<std::string> sealed_;
};

}  // namespace

uint32_t KeyVersionOf(std::string_view ciphertext) {
  const auto ref = crypto::ciphertext_v1::ParseKeyRef(ciphertext);
  return ref.ok() ? ref->version : 0;
}

CiphertextService::CiphertextService(rpc::Pipeline& pipeline, std::shared_ptr<grpc::Channel> vault,
                                     Stores stores)
    : pipeline_(pipeline),
      vault_(CryptoService::NewStub(std::move(vault))),
      stores_(std::move(stores)) {}

absl::StatusOr<CiphertextStore*> CiphertextService::StoreOf(const std::string& key) const {
  const auto store = stores_.find(key);
  if (store == stores_.end()) return NotFound("key");
  return store->second;
}

absl::StatusOr<v1::CountCiphertextsResponse> CiphertextService::Count(
    const rpc::Call& call, const v1::CountCiphertextsRequest& request) {
  ASSIGN_OR_RETURN(CiphertextStore* const store, StoreOf(request.key()));
  ASSIGN_OR_RETURN(const auto counts, store->Count(call));
  v1::CountCiphertextsResponse reply;
  reply.mutable_counts()->insert(counts.begin(), counts.end());
  return reply;
}

absl::Status CiphertextService::SealAgain(const CallContext& call, const std::string& key,
                                          std::vector<Row>* before, std::vector<Row>* after,
                                          uint64_t* failed) {
  Rewrapper rewrapper(call, *vault_, key);
  for (const Row& row : *before) {
    for (const Ciphertext& ciphertext : row.ciphertexts) RETURN_IF_ERROR(rewrapper.Add(ciphertext));
  }
  ASSIGN_OR_RETURN(std::vector<std::string> sealed, rewrapper.Finish());
  std::vector<Row> opened;
  size_t next = 0;
  for (Row& row : *before) {
    Row replaced = row;
    bool whole = true;
    for (Ciphertext& ciphertext : replaced.ciphertexts) {
      ciphertext.bytes = std::move(sealed[next++]);
      whole = whole && !ciphertext.bytes.empty();
    }
    if (!whole) {
      ++*failed;
      continue;
    }
    opened.push_back(std::move(row));
    after->push_back(std::move(replaced));
  }
  *before = std::move(opened);
  return absl::OkStatus();
}

absl::StatusOr<v1::RewrapCiphertextsResponse> CiphertextService::Rewrap(
    const rpc::Call& call, const v1::RewrapCiphertextsRequest& request) {
  const absl::StatusOr<CiphertextStore*> store_of_key = StoreOf(request.key());
  if (!store_of_key.ok()) {
    // A suspended tenant is told so, whatever key it is about.
    RETURN_IF_ERROR(stores_.begin()->second->After(call, 0, "", 1).status());
    return store_of_key.status();
  }
  CiphertextStore* const store = *store_of_key;
  ASSIGN_OR_RETURN(std::vector<Row> before,
                   store->After(call, request.below_version(), request.cursor(),
                                static_cast<int>(request.limit())));
  v1::RewrapCiphertextsResponse reply;
  reply.set_cursor(before.empty() ? request.cursor() : before.back().place);
  reply.set_is_last(before.size() < request.limit());
  reply.set_seen(before.size());
  std::vector<Row> after;
  uint64_t failed = 0;
  RETURN_IF_ERROR(SealAgain(call, request.key(), &before, &after, &failed));
  reply.set_failed(failed);
  if (after.empty()) return reply;
  ASSIGN_OR_RETURN(const uint64_t replaced, store->Replace(call, before, after));
  reply.set_rewrapped(replaced);
  return reply;
}

}  // namespace kasbah::ciphertexts
