// What ExportTenant and EraseTenant do the same way in every service.

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/subject/row_ids.h"
#include "libs/subject/subject_service.h"

namespace kasbah::subject {
namespace {

using postgres::AnyStateToken;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Transaction;

// Pages of one call to EraseTenant.
constexpr int kPagesAtOnce = 8;

// "auth.memberships|{"user_id": …}": a table by its name, so that an export outlives an update of
// this service, and where in it the page begins.
struct Place {
  const TenantTable* table = nullptr;
  std::string cursor;
};

absl::Status NotOurs() { return InvalidField("page_token", "is not of this list"); }

// The first table from `from` on that is shown; null: there is none.
const TenantTable* NextShown(std::span<const TenantTable> tables, size_t from) {
  for (size_t i = from; i < tables.size(); ++i) {
    if (tables[i].is_shown()) return &tables[i];
  }
  return nullptr;
}

size_t IndexOf(std::span<const TenantTable> tables, const TenantTable* table) {
  return static_cast<size_t>(table - tables.data());
}

absl::StatusOr<Place> ParsePlace(std::span<const TenantTable> tables, const std::string& token) {
  if (token.empty()) return Place{NextShown(tables, 0), ""};
  const size_t bar = token.find('|');
  if (bar == std::string::npos) return NotOurs();
  for (const TenantTable& table : tables) {
    if (table.name == token.substr(0, bar) && table.is_shown()) {
      return Place{&table, token.substr(bar + 1)};
    }
  }
  return NotOurs();
}

std::string FormatPlace(const Place& place) {
  return place.table == nullptr ? "" : StrCat(place.table->name, "|", place.cursor);
}

}  // namespace

grpc::ServerUnaryReactor* SubjectService::ExportTenant(grpc::CallbackServerContext* context,
                                                       const v1::ExportTenantRequest* request,
                                                       v1::ExportTenantResponse* reply) {
  return pipeline_.Run(context, *request, reply, &SubjectService::ExportPage, this);
}

grpc::ServerUnaryReactor* SubjectService::EraseTenant(grpc::CallbackServerContext* context,
                                                      const v1::EraseTenantRequest* request,
                                                      v1::EraseTenantResponse* reply) {
  return pipeline_.Run(context, *request, reply, &SubjectService::ErasePages, this);
}

SubjectService::TenantPage SubjectService::ReadPage(const TenantTable& table, const Result& rows) {
  TenantPage page;
  page.member = table.name;
  for (const Row& row : rows) {
    page.cursor = row.Get<std::string>(0);
    page.rows.push_back(WithPublicIds(row.Get<std::string>(1)));
  }
  return page;
}

absl::StatusOr<SubjectService::TenantPage> SubjectService::PageOf(const rpc::Call& call,
                                                                  const TenantTable& table,
                                                                  const std::string& cursor) {
  ASSIGN_OR_RETURN(
      const Result rows,
      database_.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        if (cursor.empty()) return tx.Run(table.first, call.tenant);
        return tx.Run(table.next, call.tenant, postgres::Json{cursor});
      }));
  return ReadPage(table, rows);
}

absl::StatusOr<v1::ExportTenantResponse> SubjectService::ExportPage(
    const rpc::Call& call, const v1::ExportTenantRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(Place place, ParsePlace(tables_.tables, request.page_token()));
  if (request.page_token().empty()) {
    RETURN_IF_ERROR(database_.WithTenantInAnyState(
        call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
          return outbox_.AppendAudit(tx, call,
                                     outbox::Succeeded(call, clock_, "tenant.export",
                                                       {"tenant", call.tenant.ToString(), ""}));
        }));
  }
  v1::ExportTenantResponse reply;
  while (place.table != nullptr) {
    ASSIGN_OR_RETURN(TenantPage page, PageOf(call, *place.table, place.cursor));
    place.cursor = page.cursor;
    if (page.cursor.empty()) {
      place.table = NextShown(tables_.tables, IndexOf(tables_.tables, place.table) + 1);
    }
    if (page.rows.empty()) continue;
    reply.set_table(page.member);
    for (std::string& row : page.rows) reply.add_rows(std::move(row));
    break;
  }
  reply.set_next_page_token(FormatPlace(place));
  return reply;
}

absl::Status SubjectService::RequireClosed(const rpc::Call& call) {
  const absl::Status entered =
      database_.WithTenant(call, [](Transaction&) { return absl::OkStatus(); });
  if (ReasonOf(entered) == reason::kTenantClosed) return absl::OkStatus();
  if (!entered.ok() && ReasonOf(entered) != reason::kTenantSuspended) return entered;
  return Error(absl::StatusCode::kFailedPrecondition, "TENANT_NOT_CLOSED",
               "a tenant is erased when it is closed, and not before");
}

absl::Status SubjectService::PrepareErasure(const rpc::Call&, v1::EraseTenantResponse*) {
  return absl::OkStatus();
}

absl::StatusOr<bool> SubjectService::EraseFurther(const rpc::Call&, v1::EraseTenantResponse*) {
  return true;
}

absl::StatusOr<uint64_t> SubjectService::EraseCounted(
    const CallContext& call, std::string_view what,
    absl::FunctionRef<absl::StatusOr<uint64_t>(Transaction&)> body) {
  // Nobody's address: the trail's own erasure would find it there, and never end.
  CallContext teller = call;
  teller.source_address.clear();
  teller.user_agent.clear();
  return database_.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::StatusOr<uint64_t> {
        ASSIGN_OR_RETURN(const uint64_t rows, body(tx));
        // Also where another replica was faster: a statement that writes needs its event.
        RETURN_IF_ERROR(outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(teller, clock_, "tenant.erase_rows",
                              {"tenant", call.tenant.ToString(), ""},
                              {{"of", std::string(what)}, {"rows", StrCat(rows)}})));
        return rows;
      });
}

absl::StatusOr<const TenantTable*> SubjectService::FindLeft(const rpc::Call& call) {
  std::vector<const TenantTable*> erased;
  std::vector<Pending<Result>> asked;
  return database_.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(),
      [&](Transaction& tx) -> absl::StatusOr<Pending<const TenantTable*>> {
        erased.clear();
        asked.clear();
        for (const TenantTable& table : tables_.tables) {
          if (!table.is_erased()) continue;
          erased.push_back(&table);
          asked.push_back(tx.Run(table.any, call.tenant));
        }
        return tx.AfterCommit([&]() -> absl::StatusOr<const TenantTable*> {
          for (size_t i = 0; i < asked.size(); ++i) {
            ASSIGN_OR_RETURN(const Result rows, asked[i].Take());
            if (rows[0].Get<bool>(0)) return erased[i];
          }
          return nullptr;
        });
      });
}

absl::StatusOr<uint64_t> SubjectService::ErasePage(const rpc::Call& call,
                                                   const TenantTable& table) {
  return EraseCounted(call, table.name, [&](Transaction& tx) -> absl::StatusOr<uint64_t> {
    ASSIGN_OR_RETURN(const Result rows, tx.Run(table.erase, call.tenant).Await());
    return rows[0].Get<uint64_t>(0);
  });
}

absl::StatusOr<v1::EraseTenantResponse> SubjectService::ErasePages(
    const rpc::Call& call, const v1::EraseTenantRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  if (call.tenant == kSystemTenant || request.confirm() != call.tenant.ToString()) {
    return InvalidField("confirm", "must be the id of the tenant that the call is for");
  }
  RETURN_IF_ERROR(RequireClosed(call));
  v1::EraseTenantResponse reply;
  RETURN_IF_ERROR(PrepareErasure(call, &reply));
  for (int page = 0; page < kPagesAtOnce; ++page) {
    ASSIGN_OR_RETURN(const TenantTable* const left, FindLeft(call));
    if (left == nullptr) {
      ASSIGN_OR_RETURN(const bool done, EraseFurther(call, &reply));
      reply.set_done(done);
      break;
    }
    ASSIGN_OR_RETURN(const uint64_t rows, ErasePage(call, *left));
    (*reply.mutable_erased())[std::string(left->name)] += rows;
  }
  ASSIGN_OR_RETURN(
      const Result waiting,
      database_.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return tx.Run(tables_.undelivered, call.tenant);
      }));
  reply.set_undelivered(std::max(reply.undelivered(), waiting[0].Get<uint64_t>(0)));
  return reply;
}

}  // namespace kasbah::subject
