#pragma once

#include <string>

#include "services/audit/sinks/transport.h"

namespace kasbah::audit {

// What a batch is to each kind of receiver:
//
//   JSON array      [{…},{…}]
//   Splunk HEC      {"time":…,"source":"kasbah","sourcetype":…,"fields":{…},"event":{…}} …
//   Elastic bulk    {"create":{"_index":…,"_id":"evt_…"}}\n{"@timestamp":…,…}\n …
std::string BodyOf(const v1::HttpTarget& target, const SinkBatch& batch);
std::string_view ContentTypeOf(v1::HttpTarget::Shape shape);
// For clients that want the bulk's refusals alone: Elastic's answer is large otherwise.
std::string UrlOf(const v1::HttpTarget& target);

}  // namespace kasbah::audit
