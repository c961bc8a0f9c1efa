#include "services/tenant_data/domain/reserved_slugs.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

// Hosts of the installation; names that browsers, mail servers and certificate authorities give a
// meaning to (RFC 2142, RFC 6186, CA/Browser Forum 3.2.2.4.4); words that would pass for us.
constexpr std::string_view kReserved =
    "abuse account accounts acme-challenge admin administration administrator alert alerts api "
    "apis app apps asset assets audit auth authentication authorize autoconfig autodiscover "
    "backup billing blog broadcasthost cache callback cdn cert certs checkout cluster cname "
    "config connect console control cpanel dashboard database dev developer developers dns doc "
    "docs documentation domain domains download downloads edge email embed event events faq file "
    "files ftp ftps gateway git graphql grpc health healthz help helpdesk hook hooks host "
    "hostmaster http https images imap imaps img infra internal intranet invoice invoices isatap "
    "kasbah key keys ldap localdomain localhost log login logout logs mail mailer mailer-daemon "
    "manage management media metrics monitor monitoring mta-sts mx mysql new no-reply nobody noc "
    "noreply notifications ns null oauth oauth2 oidc openid operator operators ops owner panel "
    "password pay payment payments ping pki pop portal postgres postmaster preview privacy "
    "private prod production profile proxy public record records redirect redis register "
    "registration relay report reports reset root saml sandbox scim secret secrets secure "
    "security server servers service services session settings setup sftp sign-in sign-up signin "
    "signout signup sip smtp smtps sql ssh ssl ssladmin ssladministrator sslwebmaster sso stage "
    "staging static stats status stun sudo superuser support svc sys sysadmin sysadministrator "
    "syslog system telnet tenant tenant-data tenants test testing tls token tokens trust turn "
    "undefined unsubscribe update updates upload uploads usenet user users uucp vault vpn web "
    "webapp webhook webhooks webmail webmaster webserver whois wpad www xml yourdomain";

// What the eye makes of a name.
std::string SkeletonOf(std::string_view name) {
  return absl::StrReplaceAll(ToAbsl(name), {{"-", ""},
                                            {"rn", "m"},
                                            {"vv", "w"},
                                            {"cl", "d"},
                                            {"0", "o"},
                                            {"1", "l"},
                                            {"i", "l"},
                                            {"3", "e"},
                                            {"4", "a"},
                                            {"5", "s"},
                                            {"7", "t"},
                                            {"8", "b"},
                                            {"9", "g"}});
}

std::string_view WithoutNumber(std::string_view name) {
  const size_t last = name.find_last_not_of("0123456789-");
  return last == std::string_view::npos ? name : name.substr(0, last + 1);
}

const absl::flat_hash_set<std::string>& Skeletons() {
  static const auto* const skeletons = [] {
    auto* made = new absl::flat_hash_set<std::string>;
    for (const std::string& name :
         std::vector<std::string>(absl::StrSplit(ToAbsl(kReserved), ' '))) {
      made->insert(SkeletonOf(name));
    }
    return made;
  }();
  return *skeletons;
}

}  // namespace

bool IsReservedSlug(std::string_view slug) {
  return Skeletons().contains(SkeletonOf(slug)) ||
         Skeletons().contains(SkeletonOf(WithoutNumber(slug)));
}

}  // namespace kasbah::tenantdata
