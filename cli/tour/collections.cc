#include "cli/tour/collections.h"

#include <string>

namespace kasbah::cli {
namespace {

tenantdata::v1::Field* AddText(tenantdata::v1::CreateCollectionRequest* collection,
                               const std::string& key, bool required) {
  tenantdata::v1::Field* field = collection->add_fields();
  field->set_key(key);
  field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
  field->set_required(required);
  return field;
}

}  // namespace

tenantdata::v1::CreateCollectionRequest CountriesCollection() {
  tenantdata::v1::CreateCollectionRequest collection;
  collection.set_key(kCountriesKey);
  collection.set_display_name("Countries");
  tenantdata::v1::Field* alpha_2 = AddText(&collection, "alpha_2", true);
  alpha_2->set_pattern("[A-Z]{2}");
  alpha_2->set_unique(true);
  alpha_2->set_indexed(true);
  tenantdata::v1::Field* alpha_3 = AddText(&collection, "alpha_3", true);
  alpha_3->set_pattern("[A-Z]{3}");
  alpha_3->set_indexed(true);
  AddText(&collection, "numeric", true)->set_pattern("[0-9]{3}");
  AddText(&collection, "name", true)->set_max(200);
  AddText(&collection, "flag", false);
  AddText(&collection, "official_name", false)->set_sealed(true);
  AddText(&collection, "common_name", false);
  return collection;
}

tenantdata::v1::CreateCollectionRequest ReadingsCollection() {
  tenantdata::v1::CreateCollectionRequest collection;
  collection.set_key(kReadingsKey);
  collection.set_display_name("Readings");
  tenantdata::v1::Field* number = collection.add_fields();
  number->set_key("number");
  number->set_type(tenantdata::v1::FIELD_TYPE_INTEGER);
  number->set_required(true);
  number->set_unique(true);
  number->set_indexed(true);
  AddText(&collection, "note", true)->set_sealed(true);
  return collection;
}

}  // namespace kasbah::cli
