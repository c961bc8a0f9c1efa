#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/error.h"
#include "libs/base/uuid.h"
#include "libs/crypto/encoding.h"

namespace kasbah::webhook {

// Where a page starts: the ids of the last row before it, in the order the list is sorted by.
struct Page {
  int size = 100;
  // Empty: at the beginning.
  std::vector<Uuid> after;

  // `ids`: how many make a position.
  static absl::StatusOr<Page> Parse(int32_t page_size, const std::string& page_token, size_t ids) {
    if (page_size < 0) return InvalidField("page_size", "must not be negative");
    Page page;
    if (page_size > 0) page.size = std::min(page_size, 1000);
    if (page_token.empty()) return page;
    const absl::StatusOr<std::string> bytes = crypto::ParseBase64Url(page_token);
    if (!bytes.ok() || bytes->size() != ids * 16) {
      return InvalidField("page_token", "must be a next_page_token of this method");
    }
    for (size_t i = 0; i < ids; ++i) {
      page.after.push_back(Uuid::FromBytes(std::string_view(*bytes).substr(i * 16, 16)).value());
    }
    return page;
  }

  // How many to read: one more than is shown tells whether there is another page.
  int limit() const { return size + 1; }

  static std::string Token(const std::vector<Uuid>& last) {
    std::string bytes;
    for (const Uuid& id : last) bytes += id.view();
    return crypto::Base64Url(bytes);
  }
};

}  // namespace kasbah::webhook
