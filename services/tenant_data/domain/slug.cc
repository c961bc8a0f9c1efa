#include "services/tenant_data/domain/slug.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "libs/base/error.h"

namespace kasbah::tenantdata {
namespace {

// Hosts of the installation, names that browsers, mail servers and certificate authorities
// give a meaning to (RFC 2142), and words that would pass for us.
constexpr auto kReserved = std::to_array<std::string_view>({
    "abuse",   "account",  "accounts",    "admin",      "administrator", "api",          "app",
    "apps",    "assets",   "audit",       "auth",       "autoconfig",    "autodiscover", "billing",
    "blog",    "cdn",      "cname",       "console",    "dashboard",     "dev",          "dns",
    "docs",    "email",    "embed",       "events",     "files",         "ftp",          "gateway",
    "git",     "health",   "help",        "hostmaster", "hooks",         "imap",         "internal",
    "isatap",  "kasbah",   "localhost",   "login",      "logout",        "mail",         "metrics",
    "mta-sts", "mx",       "new",         "noreply",    "ns1",           "ns2",          "null",
    "oauth",   "openid",   "operator",    "pop",        "postmaster",    "privacy",      "proxy",
    "public",  "register", "root",        "saml",       "scim",          "security",     "server",
    "service", "settings", "sftp",        "sign-in",    "sign-up",       "signin",       "signup",
    "smtp",    "sso",      "ssl",         "staging",    "static",        "status",       "support",
    "system",  "tenant",   "tenant-data", "tenants",    "test",          "undefined",    "user",
    "users",   "vault",    "vpn",         "webhook",    "webhooks",      "webmaster",    "webmail",
    "wpad",    "www",
});

bool IsReserved(std::string_view slug) {
  return std::find(kReserved.begin(), kReserved.end(), slug) != kReserved.end();
}

}  // namespace

absl::Status CheckSlug(std::string_view slug) {
  if (slug.size() < 3 || slug.size() > 40)
    return InvalidField("slug", "must have 3 to 40 characters");
  for (char c : slug) {
    if (!absl::ascii_islower(static_cast<unsigned char>(c)) &&
        !absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != '-') {
      return InvalidField("slug", "must hold lower-case letters, digits and hyphens only");
    }
  }
  if (slug.front() == '-' || slug.back() == '-') {
    return InvalidField("slug", "must not begin or end with a hyphen");
  }
  if (slug.find("--") != std::string_view::npos) {
    return InvalidField("slug", "must not hold two hyphens in a row");
  }
  if (IsReserved(slug)) return InvalidField("slug", "is reserved");
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
