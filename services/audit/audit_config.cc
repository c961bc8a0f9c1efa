#include "services/audit/audit_config.h"

namespace kasbah::audit {

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
