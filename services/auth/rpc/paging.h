#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"

namespace kasbah::auth {

// Pages in id order: the token is the last id of the page before.
template <typename Id>
struct Page {
  Id after;
  int size = 0;

  // Size 0 means 100; 1,000 at the most. INVALID_ARGUMENT for a negative size and a token that we
  // did not make.
  static absl::StatusOr<Page> Parse(int32_t page_size, const std::string& page_token) {
    if (page_size < 0) return InvalidField("page_size", "must not be negative");
    Page page;
    page.size = page_size == 0 ? 100 : page_size > 1000 ? 1000 : page_size;
    if (page_token.empty()) return page;
    const absl::StatusOr<std::string> bytes = crypto::ParseBase64Url(page_token);
    const absl::StatusOr<Uuid> id = bytes.ok() ? Uuid::FromBytes(*bytes) : bytes.status();
    if (!id.ok()) return InvalidField("page_token", "must be a next_page_token of this method");
    page.after = Id(*id);
    return page;
  }

  // How many to read: one more than shown tells whether there is a next page.
  int limit() const { return size + 1; }

  // Cuts `items` to the page; the token of the next one, empty on the last.
  template <typename Item, typename IdOf>
  std::string Cut(std::vector<Item>* items, IdOf id_of) const {
    if (items->size() <= static_cast<size_t>(size)) return "";
    items->resize(static_cast<size_t>(size));
    return crypto::Base64Url(id_of(items->back()).uuid().view());
  }
};

}  // namespace kasbah::auth
