#include "services/tenant_data/rpc/blind_indexer.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/channel.h"
#include "services/tenant_data/rpc/field_sealer.h"

namespace kasbah::tenantdata {
namespace {

using vault::v1::BatchBlindIndexRequest;
using vault::v1::BatchBlindIndexResponse;
using vault::v1::CryptoService;

// Of one call to the vault.
constexpr size_t kMaxItems = 1000;
constexpr size_t kMaxBytes = 4'000'000;
constexpr uint32_t kBits = 128;

std::string IndexOf(uint32_t version, const std::string& hash) {
  std::string index;
  for (int shift = 24; shift >= 0; shift -= 8) {
    index.push_back(static_cast<char>((version >> shift) & 0xFF));
  }
  return index + hash;
}

// A value under one version of the key; 0: its newest.
struct Question {
  const BlindItem* value;
  uint32_t version;
};

// What the vault can be asked in one call from there on.
BatchBlindIndexRequest RequestOf(const std::vector<Question>& questions, size_t begin) {
  BatchBlindIndexRequest request;
  request.set_key(std::string(kBlindKey));
  size_t bytes = 0;
  for (size_t i = begin; i < questions.size() && i - begin < kMaxItems; ++i) {
    const BlindItem& value = *questions[i].value;
    bytes += value.json.size();
    if (bytes > kMaxBytes && i > begin) break;
    BatchBlindIndexRequest::Item* item = request.add_items();
    item->set_value(value.json);
    (*item->mutable_context())["field"] = value.field.ToString();
    item->set_bits(kBits);
    item->set_key_version(questions[i].version);
  }
  return request;
}

using Answer = BatchBlindIndexResponse::Item;

// The answers, in order: in as many calls as it takes.
absl::StatusOr<std::vector<Answer>> Ask(const CallContext& call, CryptoService::Stub& vault,
                                        const std::vector<Question>& questions) {
  std::vector<Answer> answers;
  while (answers.size() < questions.size()) {
    const BatchBlindIndexRequest request = RequestOf(questions, answers.size());
    auto reply = rpc::Invoke(call, vault, &CryptoService::Stub::BatchBlindIndex, request);
    if (!reply.ok()) return FromVault(reply.status());
    if (reply->items_size() != request.items_size()) {
      return absl::InternalError("the vault indexed another number of values");
    }
    for (Answer& answer : *reply->mutable_items()) answers.push_back(std::move(answer));
  }
  return answers;
}

absl::Status Refused(const Answer& answer) {
  return absl::InternalError(ToAbsl(StrCat("the vault did not index a value: ", answer.error())));
}

// Under the newest version.
absl::StatusOr<std::vector<Answer>> AskNewest(const CallContext& call, CryptoService::Stub& vault,
                                              const std::vector<BlindItem>& items) {
  std::vector<Question> questions;
  for (const BlindItem& item : items) questions.push_back({&item, 0});
  ASSIGN_OR_RETURN(std::vector<Answer> answers, Ask(call, vault, questions));
  for (const Answer& answer : answers) {
    if (!answer.error().empty()) return Refused(answer);
  }
  return answers;
}

}  // namespace

BlindIndexer::BlindIndexer(std::shared_ptr<grpc::Channel> vault)
    : vault_(CryptoService::NewStub(std::move(vault))) {}

absl::StatusOr<std::vector<std::string>> BlindIndexer::Index(const CallContext& call,
                                                             const std::vector<BlindItem>& items) {
  ASSIGN_OR_RETURN(const std::vector<Answer> answers, AskNewest(call, *vault_, items));
  std::vector<std::string> indexes;
  for (const Answer& answer : answers) {
    indexes.push_back(IndexOf(answer.key_version(), answer.index()));
  }
  return indexes;
}

absl::StatusOr<std::vector<std::vector<std::string>>> BlindIndexer::Lookup(
    const CallContext& call, const std::vector<BlindItem>& items) {
  ASSIGN_OR_RETURN(const std::vector<Answer> newest, AskNewest(call, *vault_, items));
  std::vector<std::vector<std::string>> indexes(items.size());
  std::vector<Question> older;
  // For each of them, its item.
  std::vector<size_t> asked;
  for (size_t i = 0; i < items.size(); ++i) {
    indexes[i].push_back(IndexOf(newest[i].key_version(), newest[i].index()));
    // Nothing indexes values again, so one may stand under any version.
    for (uint32_t version = newest[i].key_version(); version-- > 1;) {
      older.push_back({&items[i], version});
      asked.push_back(i);
    }
  }
  ASSIGN_OR_RETURN(const std::vector<Answer> found, Ask(call, *vault_, older));
  for (size_t i = 0; i < older.size(); ++i) {
    // Destroyed, or let go of (opens-from): what stands under it is lost to searches.
    if (found[i].error() == reason::kNotFound) continue;
    if (!found[i].error().empty()) return Refused(found[i]);
    indexes[asked[i]].push_back(IndexOf(older[i].version, found[i].index()));
  }
  return indexes;
}

}  // namespace kasbah::tenantdata
