#include "libs/postgres/installation.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/tool_error.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

// By every service's role, through the one function that may write it.
constexpr Statement kClaim{"core.claim", "SELECT core.claim($1)"};

absl::Status Compare(std::string_view holder, std::string_view trust_domain) {
  if (holder == trust_domain) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "OTHER_INSTALLATION",
               StrCat("the database belongs to the installation ", holder, ", and this one is ",
                      trust_domain,
                      " (server.trust_domain): give it a database of its own. If this "
                      "is a copy made for it, say so once: kasbah migrate --trust-domain ",
                      trust_domain, " --take-over"));
}

// The migrator itself has no right to anything.
void BecomeOwner(pqxx::transaction_base& tx) { tx.exec("SET LOCAL ROLE kasbah_owner"); }

}  // namespace

absl::Status ClaimDatabase(Database& database, std::string_view trust_domain, absl::Time deadline) {
  const CallContext call = CallContext::ForBackground("", kSystemTenant, deadline);
  ASSIGN_OR_RETURN(const std::string holder, database.WithTenant(call, [&](Transaction& tx) {
    return tx.RunForOne(
        kClaim, "installation", [](const Row& row) { return row.Get<std::string>(0); },
        trust_domain);
  }));
  return Compare(holder, trust_domain);
}

absl::Status CheckInstallation(const std::string& dsn, std::string_view trust_domain) {
  std::string holder;
  try {
    pqxx::connection connection(dsn);
    pqxx::work tx(connection);
    BecomeOwner(tx);
    // Before the first migration there is neither table nor holder.
    if (tx.exec1("SELECT to_regclass('core.installation') IS NULL")[0].as<bool>()) {
      return absl::OkStatus();
    }
    for (const auto& row : tx.exec("SELECT trust_domain FROM core.installation")) {
      holder = row[0].as<std::string>();
    }
  } catch (const std::exception& e) {
    return internal::ToolError("ask whose database it is", e);
  }
  return holder.empty() ? absl::OkStatus() : Compare(holder, trust_domain);
}

absl::Status GiveDatabase(const std::string& dsn, std::string_view trust_domain) {
  try {
    pqxx::connection connection(dsn);
    pqxx::work tx(connection);
    BecomeOwner(tx);
    tx.exec_params(
        "INSERT INTO core.installation (trust_domain) VALUES ($1) "
        "ON CONFLICT (only_row) DO UPDATE SET trust_domain = excluded.trust_domain, "
        "claimed_at = now()",
        std::string(trust_domain));
    tx.commit();
  } catch (const std::exception& e) {
    return internal::ToolError("give the database to another installation", e);
  }
  return absl::OkStatus();
}

}  // namespace kasbah::postgres
