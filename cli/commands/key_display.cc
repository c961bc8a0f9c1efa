#include "cli/commands/key_display.h"

#include "cli/console/output.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using vault::v1::Key;
using vault::v1::KeyVersion;

std::string PurposeOf(const Key& key) {
  return EnumName(*Key::Purpose_descriptor(), key.purpose());
}

}  // namespace

std::string DescribeKey(const Key& key) {
  std::string text = ToString(
      {{"key", key.key_id()},
       {"name", key.name()},
       {"purpose", PurposeOf(key)},
       {"version", StrCat(key.primary_version())},
       {"created", ToCell(key.create_time(), key.has_create_time())},
       {"rotated every", ToCell(key.rotation_period(), key.has_rotation_period())},
       {"next rotation", ToCell(key.next_rotation_time(), key.has_next_rotation_time())},
       {"opens from version", StrCat(key.min_open_version())},
       {"destroy delay", ToCell(key.version_destroy_delay(), key.has_version_destroy_delay())}});
  Table table({"VERSION", "STATE", "CREATED", "DESTROY TIME", "OPERATIONS"});
  for (const KeyVersion& version : key.versions()) {
    table.Add(
        {StrCat(version.version()), EnumName(*KeyVersion::State_descriptor(), version.state()),
         ToCell(version.create_time(), version.has_create_time()),
         ToCell(version.destroy_time(), version.has_destroy_time()), StrCat(version.operations())});
  }
  return text + "\n" + table.ToString();
}

std::string TableOfKeys(const google::protobuf::RepeatedPtrField<Key>& keys) {
  Table table({"KEY", "NAME", "PURPOSE", "VERSION", "SINCE", "NEXT ROTATION"});
  for (const Key& key : keys) {
    std::string since = "-";
    for (const KeyVersion& version : key.versions()) {
      if (version.version() == key.primary_version()) {
        since = ToCell(version.create_time(), version.has_create_time());
      }
    }
    table.Add({key.key_id(), key.name(), PurposeOf(key), StrCat(key.primary_version()), since,
               ToCell(key.next_rotation_time(), key.has_next_rotation_time())});
  }
  return table.ToString();
}

}  // namespace kasbah::cli
