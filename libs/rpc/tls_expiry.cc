#include "libs/rpc/tls_expiry.h"

#include <openssl/asn1.h>
#include <openssl/err.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "absl/time/time.h"
#include "libs/rpc/tls_pem.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::rpc {
namespace {

std::optional<absl::Time> FirstToEnd(const std::vector<X509Ptr>& certificates) {
  std::optional<absl::Time> first;
  for (const X509Ptr& certificate : certificates) {
    std::tm utc = {};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &utc) != 1) return std::nullopt;
    const absl::Time end = absl::FromTM(utc, absl::UTCTimeZone());
    first = std::min(first.value_or(end), end);
  }
  return first;
}

void Set(const char* certificate, const std::vector<X509Ptr>& certificates) {
  const std::optional<absl::Time> end = FirstToEnd(certificates);
  if (!end.has_value()) return;
  telemetry::GetGauge("kasbah_tls_not_after_seconds",
                      "When the certificate that the process serves with, or its authority, ends",
                      {{"certificate", certificate}})
      .Set(static_cast<double>(absl::ToUnixSeconds(*end)));
}

void Look(const TlsFiles& files) {
  const auto chain = ReadCertificates(files.directory + "/tls.crt");
  const auto key = ReadPrivateKey(files.directory + "/tls.key");
  // One that is only half replaced is not served yet.
  if (chain.ok() && key.ok() && X509_check_private_key(chain->front().get(), key->get()) == 1) {
    Set("own", *chain);
  }
  ERR_clear_error();
  const auto authorities = ReadCertificates(files.directory + "/ca.crt");
  if (authorities.ok()) Set("authority", *authorities);
}

}  // namespace

void MeasureExpiry(const TlsFiles& files) {
  telemetry::OnRender([files] { Look(files); });
}

}  // namespace kasbah::rpc
