#pragma once

#include "kasbah/tenantdata/v1/collections.pb.h"

namespace kasbah::cli {

inline constexpr char kCountriesKey[] = "countries";
inline constexpr char kReadingsKey[] = "readings";

// What ISO 3166-1 says of a country; the official name is sealed.
tenantdata::v1::CreateCollectionRequest CountriesCollection();

// Numbered readings with a sealed note, for the burst: each write asks the vault.
tenantdata::v1::CreateCollectionRequest ReadingsCollection();

}  // namespace kasbah::cli
