#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>

#include "kasbah/vault/v1/keys.pb.h"

namespace kasbah::cli {

// A key, a setting a line, and its versions.
std::string DescribeKey(const vault::v1::Key& key);

// Keys, a line each, with how old the newest version is.
std::string TableOfKeys(const google::protobuf::RepeatedPtrField<vault::v1::Key>& keys);

}  // namespace kasbah::cli
