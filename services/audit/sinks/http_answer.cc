#include "services/audit/sinks/http_answer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/http/retry_after.h"
#include <nlohmann/json.hpp>

namespace kasbah::audit {
namespace {

using nlohmann::json;

constexpr size_t kLongestReason = 64;

bool IsRefusal(int status) { return status == 400 || status == 413 || status == 422; }
bool IsTaken(int status) { return (status >= 200 && status < 300) || status == 409; }

// "mapper_parsing_exception" as MAPPER_PARSING_EXCEPTION; nothing else that a receiver chose.
std::string ReasonOfItem(const json& item, int status) {
  const auto error = item.find("error");
  std::string reason;
  if (error != item.end() && error->is_object()) {
    const auto type = error->find("type");
    if (type != error->end() && type->is_string()) reason = type->get<std::string>();
  }
  const bool clean = !reason.empty() && reason.size() <= kLongestReason &&
                     std::all_of(reason.begin(), reason.end(), [](char c) {
                       return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c));
                     });
  return clean ? absl::AsciiStrToUpper(reason) : StrCat("HTTP_", status);
}

// Of {"create":{"status":201,…}}; null where it is not that.
const json* ItemOf(const json& entry) {
  if (!entry.is_object() || entry.size() != 1) return nullptr;
  const json& item = entry.front();
  if (!item.is_object()) return nullptr;
  const auto status = item.find("status");
  return status != item.end() && status->is_number_integer() ? &item : nullptr;
}

Delivery OfBulk(const SinkBatch& batch, const std::string& body) {
  const json answer = json::parse(body, nullptr, false);
  const auto items = answer.is_object() ? answer.find("items") : answer.end();
  if (!answer.is_object() || items == answer.end() || !items->is_array() ||
      items->size() != batch.events.size()) {
    return Delivery::NotNow("UNEXPECTED_ANSWER");
  }
  Delivery delivery = Delivery::Taken();
  for (size_t i = 0; i < batch.events.size(); ++i) {
    const json* item = ItemOf((*items)[i]);
    if (item == nullptr) return Delivery::NotNow("UNEXPECTED_ANSWER");
    const int status = (*item)["status"].get<int>();
    if (IsTaken(status)) continue;
    if (!IsRefusal(status)) return Delivery::NotNow(StrCat("HTTP_", status));
    delivery.refused.push_back({batch.events[i].event.sequence(), ReasonOfItem(*item, status)});
  }
  // Where nothing was taken, it may not be the events that are wrong.
  if (!delivery.refused.empty() && delivery.refused.size() == batch.events.size()) {
    return Delivery::Refused(delivery.refused.front().reason);
  }
  return delivery;
}

}  // namespace

Delivery DeliveryOf(v1::HttpTarget::Shape shape, const SinkBatch& batch,
                    const absl::StatusOr<http::ClientResponse>& answer, absl::Time now) {
  if (!answer.ok()) return Delivery::NotNow(ReasonOf(answer.status()));
  const int status = answer->status;
  if (status >= 200 && status < 300) {
    return shape == v1::HttpTarget::SHAPE_ELASTIC_BULK ? OfBulk(batch, answer->body)
                                                       : Delivery::Taken();
  }
  const std::string error = StrCat("HTTP_", status);
  if (IsRefusal(status)) return Delivery::Refused(error);
  Delivery delivery = Delivery::NotNow(error);
  if (status == 429 || status == 503) delivery.retry_after = http::RetryAfterOf(*answer, now);
  return delivery;
}

}  // namespace kasbah::audit
