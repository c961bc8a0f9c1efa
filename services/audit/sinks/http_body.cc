#include "services/audit/sinks/http_body.h"

#include "libs/base/strings.h"
#include "libs/merkle/json_text.h"
#include "libs/merkle/leaf.h"
#include "services/audit/formats/json.h"

namespace kasbah::audit {
namespace {

bool IsOcsf(const v1::HttpTarget& target) { return target.format() == v1::EXPORT_FORMAT_OCSF; }

std::string DocumentOf(const v1::HttpTarget& target, const SentEvent& event) {
  return IsOcsf(target) ? Ocsf(event) : PlainJson(event);
}

// Indexed beside the event, so that a search finds gaps and events that came twice.
void AppendHec(const v1::HttpTarget& target, const SentEvent& event, std::string* body) {
  const int64_t millis = absl::ToUnixMillis(event.occurred_at());
  std::string fraction = StrCat(1000 + millis % 1000);
  fraction[0] = '.';
  StrAppend(body, "{\"time\":", millis / 1000, fraction, ",\"source\":\"kasbah\",\"sourcetype\":\"",
            IsOcsf(target) ? "kasbah:audit:ocsf" : "kasbah:audit", "\"");
  if (!target.index().empty()) {
    StrAppend(body, ",\"index\":", merkle::JsonString(target.index()));
  }
  StrAppend(body, ",\"fields\":{\"kasbah_tenant\":\"", event.tenant.ToString(),
            "\",\"kasbah_seq\":\"", event.event.sequence(),
            "\"},\"event\":", DocumentOf(target, event), "}\n");
}

// Data streams ask for @timestamp.
void AppendBulk(const v1::HttpTarget& target, const SentEvent& event, std::string* body) {
  const std::string document = DocumentOf(target, event);
  StrAppend(body, "{\"create\":{\"_index\":", merkle::JsonString(target.index()),
            ",\"_id\":", merkle::JsonString(event.what().event_id()), "}}\n{\"@timestamp\":\"",
            merkle::FormatLogTime(event.occurred_at()), "\",", std::string_view(document).substr(1),
            "\n");
}

}  // namespace

std::string BodyOf(const v1::HttpTarget& target, const SinkBatch& batch) {
  std::string body;
  for (const SentEvent& event : batch.events) {
    switch (target.shape()) {
      case v1::HttpTarget::SHAPE_SPLUNK_HEC:
        AppendHec(target, event, &body);
        break;
      case v1::HttpTarget::SHAPE_ELASTIC_BULK:
        AppendBulk(target, event, &body);
        break;
      default:
        StrAppend(&body, body.empty() ? "[" : ",", DocumentOf(target, event));
        break;
    }
  }
  if (target.shape() == v1::HttpTarget::SHAPE_JSON_ARRAY) body.push_back(']');
  return body;
}

std::string_view ContentTypeOf(v1::HttpTarget::Shape shape) {
  return shape == v1::HttpTarget::SHAPE_ELASTIC_BULK ? "application/x-ndjson" : "application/json";
}

std::string UrlOf(const v1::HttpTarget& target) {
  if (target.shape() != v1::HttpTarget::SHAPE_ELASTIC_BULK) return target.url();
  const bool has_query = target.url().find('?') != std::string::npos;
  return StrCat(target.url(), has_query ? "&" : "?", "filter_path=errors,items.*.status,",
                "items.*.error.type");
}

}  // namespace kasbah::audit
