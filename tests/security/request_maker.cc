#include "tests/security/request_maker.h"

#include <map>
#include <set>
#include <string>

#include "absl/time/clock.h"
#include "kasbah/policy/v1/policy.pb.h"
#include "libs/base/ids.h"

namespace kasbah::security_test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string TextFor(const FieldDescriptor* field, const policy::v1::FieldRules& rules) {
  if (!rules.id().empty()) {
    return kasbah::internal::FormatTypeId(rules.id(), Uuid::V7(absl::Now()));
  }
  // Accepted by every pattern that the protos use.
  static const std::map<std::string, std::string> known = {
      {"url", "https://example.com/hook"},
      {"email", "nobody@example.com"},
      {"epoch", "0190163d-8694-739b-aea5-966c26f8ad91"},
      {"etag", "v1"},
      {"action", "app.absent"},
  };
  const auto it = known.find(field->name());
  return it != known.end() ? it->second : "absent";
}

void FillScalar(const FieldDescriptor* field, const policy::v1::FieldRules& rules,
                Message* message) {
  const auto* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      reflection->SetString(message, field,
                            field->type() == FieldDescriptor::TYPE_BYTES ? std::string(32, 'x')
                                                                         : TextFor(field, rules));
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection->SetEnumValue(message, field, field->enum_type()->value(1)->number());
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection->SetUInt32(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection->SetUInt64(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      reflection->SetInt64(message, field, 1);
      break;
    default:
      break;
  }
}

void Fill(Message* message, int depth) {
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    const auto& rules = field->options().GetExtension(policy::v1::field);
    // What some requests need though no rule says so.
    static const std::set<std::string> needed = {"old_size", "new_size", "role_prefix"};
    const bool wanted = rules.required() || rules.min_size() > 0 || !rules.id().empty() ||
                        needed.contains(field->name());
    if (!wanted || field->is_map() || depth > 5) continue;
    if (field->is_repeated()) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Fill(reflection->AddMessage(message, field), depth + 1);
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        reflection->AddString(message, field, TextFor(field, rules));
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Fill(reflection->MutableMessage(message, field), depth + 1);
    } else {
      FillScalar(field, rules, message);
    }
  }
}

}  // namespace

std::unique_ptr<Message> MakeRequest(const google::protobuf::Descriptor* type) {
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
  std::unique_ptr<Message> request(prototype->New());
  Fill(request.get(), 0);
  return request;
}

}  // namespace kasbah::security_test
