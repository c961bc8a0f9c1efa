#include "services/audit/audit_config.h"

#include <cstdint>
#include <set>

#include "libs/http/address_guard.h"

namespace kasbah::audit {
namespace {

void ReadWitnesses(config::Section& root, std::vector<WitnessAddress>* witnesses) {
  std::set<std::string> names;
  for (config::Section* item : root.Items("witnesses", "who cosigns the system log")) {
    std::string verifier_key;
    std::string url;
    item->Field("verifier_key", &verifier_key, "key that kasbah-witness keygen printed").Required();
    item->Field("url", &url, "submission prefix, to which /add-checkpoint is added").Required();
    while (url.ends_with('/')) url.pop_back();
    if (verifier_key.empty()) continue;
    auto key = merkle::VerifierKey::Parse(verifier_key, merkle::NoteKeyType::kCosignatureV1);
    if (!key.ok()) {
      item->AddError("verifier_key", std::string(key.status().message()));
    } else if (!names.insert(key->name()).second) {
      item->AddError("verifier_key", "this witness is there twice");
    } else {
      witnesses->push_back({*std::move(key), url});
    }
  }
}

}  // namespace

size_t AuditConfig::quorum() const {
  if (quorum_ >= 0) return static_cast<size_t>(quorum_);
  return witnesses.empty() ? 0 : witnesses.size() / 2 + 1;
}

void SinkConfig::Read(config::Section& section) {
  section.Field("workers", &workers, "sinks served at once").Range(1, 256);
  section.Field("timeout", &timeout, "time of one batch, to the receiver's answer")
      .Between(absl::Seconds(1), absl::Minutes(5));
  section.Field("allow_http", &allow_http, "whether receivers may be plain http");
  section.Field("allow_addresses", &allow_addresses,
                "networks that receivers may be in beside public addresses, such as 10.0.0.0/8");
  section
      .Field("ca_file", &ca_file,
             "PEM file of roots for HTTPS receivers' certificates instead of the system's")
      .ReadableFile();
  section
      .Field("enterprise_number", &enterprise_number,
             "IANA private enterprise number under which syslog's structured data stands")
      .Range(1, INT32_MAX);
  for (const std::string& network : allow_addresses) {
    if (const auto cidr = http::Cidr::Parse(network); !cidr.ok()) {
      section.AddError("allow_addresses", std::string(cidr.status().message()));
    }
  }
}

void AuditConfig::Read(config::Section& root) {
  service.Read(root);
  service::ReadPool(root.Child("ingest", "PostgreSQL, as the role that writes the logs"), &ingest);
  service::ReadPool(root.Child("upkeep", "PostgreSQL, as the role that archives and prunes them"),
                    &upkeep);
  service::ReadPool(
      root.Child("incidents", "PostgreSQL, as the role that searches them for incidents"),
      &incidents);
  ReadArchive(root.Child("archive", "Where bundles of what is past its retention go"));
  ReadRetention(root.Child("retention", "How long trails are kept"));
  config::Section& flush = root.Child("flush", "how batches are gathered into transactions");
  flush.Field("interval", &flush_interval, "how long the first batch waits for others");
  flush.Field("events", &flush_events, "events that end the wait").Range(1, 100'000);
  config::Section& system = root.Child("system_log", "the log of all logs' heads");
  system.Field("interval", &system_log_interval, "how often new heads go into it")
      .Between(absl::Milliseconds(100), absl::Hours(1));
  system.Field("quorum", &quorum_, "witnesses that have to have cosigned; otherwise more than half")
      .Range(0, 64);
  system.Field("allow_http", &witness_allow_http, "whether witnesses may be plain http");
  system.Field("allow_addresses", &witness_allow_addresses,
               "networks that witnesses may be in beside public addresses");
  system.Field("ca_file", &witness_ca_file, "PEM file of roots instead of the system's")
      .ReadableFile();
  for (const std::string& network : witness_allow_addresses) {
    if (const auto cidr = http::Cidr::Parse(network); !cidr.ok()) {
      system.AddError("allow_addresses", std::string(cidr.status().message()));
    }
  }
  ReadWitnesses(root, &witnesses);
  if (quorum() > witnesses.size()) {
    system.AddError("quorum", "is more than there are witnesses");
  }
  config::Section& check = root.Child("self_check", "the walk through every log");
  check.Field("rows_per_second", &self_check.rows_per_second, "events looked at in a second")
      .Range(1, 1'000'000);
  check.Field("pause", &self_check.pause, "between two rounds through one log")
      .Between(absl::Seconds(1), absl::Hours(24 * 7));
  sinks.Read(root.Child("sinks", "where tenants' trails are sent"));
}

void AuditConfig::ReadArchive(config::Section& section) {
  section.Field("directory", &archive_directory, "A directory, mode 0700, shared by all replicas");
  config::Section& s3 = section.Child("s3", "A bucket of S3 or of what speaks like it");
  s3.Field("bucket", &archive_bucket.bucket, "Its name");
  s3.Field("prefix", &archive_bucket.prefix, "Before each key, such as audit/");
  s3.Field("region", &archive_bucket.region, "The bucket's region");
  s3.Field("endpoint", &archive_bucket.endpoint, "URL to use instead of the region's own");
  s3.Field("credentials_file", &archive_bucket.credentials_file,
           "Like ~/.aws/credentials, mode 0600; otherwise AWS_ACCESS_KEY_ID and so on");
  if (archive_directory.empty() == archive_bucket.bucket.empty()) {
    section.AddError("directory", "one of directory and s3.bucket is required");
  }
  if (!archive_bucket.bucket.empty() && archive_bucket.region.empty()) {
    s3.AddError("region", "is required beside s3.bucket");
  }
  // A part of eight mebibytes on a slow line.
  archive_bucket.timeout = absl::Seconds(60);
}

void AuditConfig::ReadRetention(config::Section& section) {
  section.Field("minimum_days", &retention.minimum_days, "Less than this no tenant can choose")
      .Range(kLeastRetentionDays, kMostRetentionDays);
  section.Field("default_days", &retention.default_days, "For tenants that chose nothing")
      .Range(kLeastRetentionDays, kMostRetentionDays);
  section.Field("maximum_days", &retention.maximum_days, "More than this no tenant can choose")
      .Range(kLeastRetentionDays, kMostRetentionDays);
  section.Field("every", &retention_period, "How often it is looked for what is past")
      .Between(absl::Seconds(1), absl::Hours(24));
  section.Field("bundle_events", &bundle_events, "Events of one bundle, at the most")
      .Range(1000, 1'000'000);
  if (retention.minimum_days > retention.default_days ||
      retention.default_days > retention.maximum_days) {
    section.AddError("default_days", "must be from minimum_days to maximum_days");
  }
}

}  // namespace kasbah::audit
