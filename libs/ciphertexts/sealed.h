#pragma once

#include <string>
#include <vector>

#include "libs/postgres/value.h"

namespace kasbah::ciphertexts {

// The one ciphertext of a row, by the row's id.
template <typename Id>
struct Sealed {
  Id id;
  std::string bytes;
  // Whose data it is, as CiphertextStore says.
  std::string subject = {};
};

// Rows to be replaced, as the arrays that a statement takes them in.
template <typename Id>
struct Replacement {
  // Both of the same rows, in the same order.
  Replacement(const std::vector<Sealed<Id>>& before, const std::vector<Sealed<Id>>& after) {
    for (const Sealed<Id>& one : before) {
      ids.push_back(one.id);
      olds.push_back({one.bytes});
    }
    for (const Sealed<Id>& one : after) news.push_back({one.bytes});
  }

  std::vector<Id> ids;
  std::vector<postgres::OwnedBytes> olds;
  std::vector<postgres::OwnedBytes> news;
};

}  // namespace kasbah::ciphertexts
