#pragma once

#include <string>
#include <vector>

#include "services/tenant_data/store/record_list.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {

// Lists of the first tenant's records, each by its note.
class RecordListTest : public TenantDataTest {
 protected:
  static Listing Of(const RuleTable& rules, const std::string& filter, const std::string& order) {
    return {rules.collection_id(), *ParseFilter(rules, filter), *ParseOrder(rules, order)};
  }
  Listing Of(const std::string& filter, const std::string& order = "") {
    return Of(*rules_a_, filter, order);
  }

  ListedPage Page(const Listing& listing, const Cursor& after, int64_t limit, int64_t scan = 1000) {
    const CallContext call = Call(a_);
    return *database_->WithTenant(call, [&](postgres::Transaction& tx) {
      return RecordList().Page(tx, call, listing, after, limit, scan);
    });
  }

  // A list's first page, as notes.
  std::vector<std::string> PageOf(const std::string& filter, const std::string& order,
                                  int64_t limit) {
    std::vector<std::string> notes;
    const ListedPage page = Page(Of(filter, order), Cursor(), limit, 10'000);
    for (const ListedRecord& listed : page.records) notes.push_back(NoteOf(listed.record));
    EXPECT_FALSE(page.looked_to.has_value());
    return notes;
  }

  // All of a list in its pages, as notes.
  std::vector<std::string> List(const std::string& filter, const std::string& order = "",
                                int64_t scan = 1000, int64_t limit = 2) {
    return List(Of(filter, order), scan, limit);
  }
  std::vector<std::string> List(const Listing& listing, int64_t scan, int64_t limit) {
    std::vector<std::string> notes;
    for (const bool lacking : {false, true}) {
      if (lacking && !listing.order.field) break;
      Cursor after;
      after.lacks_value = lacking;
      while (true) {
        const ListedPage page = Page(listing, after, limit, scan);
        for (const ListedRecord& listed : page.records) notes.push_back(NoteOf(listed.record));
        if (static_cast<int64_t>(page.records.size()) < limit && !page.looked_to) break;
        after = page.looked_to ? *page.looked_to : page.records.back().cursor;
      }
    }
    return notes;
  }

  static std::string NoteOf(const StoredRecord& record) {
    const auto values = *ParseFlatObject(record.data);
    const auto note = values.fields().find("note");
    return note == values.fields().end() ? "" : note->second.string_value();
  }

  RecordId Make(const std::string& note, Values values) {
    values.emplace_back("note", note);
    const auto id = Create(a_, values);
    EXPECT_OK(id);
    return *id;
  }
};

}  // namespace kasbah::tenantdata
