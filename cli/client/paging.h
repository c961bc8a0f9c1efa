#pragma once

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "cli/client/client.h"

namespace kasbah::cli {

// Collects the pages of a list until `limit` items are there; 0: all. The reply's own token says
// whether there are more.
template <typename Stub, typename Request, typename Reply, typename Item>
absl::StatusOr<Reply> ListAll(
    Client& client, Client::Scope scope,
    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*), Request request,
    google::protobuf::RepeatedPtrField<Item>* (Reply::*items)(), int limit) {
  constexpr int kLargestPage = 1000;
  const std::string service = Client::ServiceOf(Request::descriptor()->file()->package());
  Reply all;
  while (true) {
    const int missing = limit == 0 ? kLargestPage : limit - (all.*items)()->size();
    request.set_page_size(std::min(missing, kLargestPage));
    absl::StatusOr<Reply> page = client.CallAt(service, scope, method, request);
    if (!page.ok()) return page.status();
    // What stands beside the items is as the last page says.
    all.MergeFrom(*page);
    all.set_next_page_token(page->next_page_token());
    request.set_page_token(page->next_page_token());
    const bool enough = limit != 0 && (all.*items)()->size() >= limit;
    if (page->next_page_token().empty() || enough) return all;
  }
}

}  // namespace kasbah::cli
