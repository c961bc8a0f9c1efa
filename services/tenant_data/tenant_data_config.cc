#include "services/tenant_data/tenant_data_config.h"

#include "services/tenant_data/domain/host_name.h"
#include "services/tenant_data/placement/move.h"

namespace kasbah::tenantdata {
namespace {

void ReadFiles(config::Section& section, FileOptions* files) {
  section.Field("directory", &files->directory, "A directory, mode 0700, shared by all replicas");
  config::Section& s3 = section.Child("s3", "A bucket of S3 or of what speaks like it");
  s3.Field("bucket", &files->s3.bucket, "Its name");
  s3.Field("prefix", &files->s3.prefix, "Before each key, such as kasbah/");
  s3.Field("region", &files->s3.region, "The bucket's region");
  s3.Field("endpoint", &files->s3.endpoint, "URL to use instead of the region's own");
  s3.Field("credentials_file", &files->s3.credentials_file,
           "Like ~/.aws/credentials, mode 0600; otherwise AWS_ACCESS_KEY_ID and so on");
  section.Field("max_file_bytes", &files->limits.file_bytes, "Of one file; 1 GiB");
  section.Field("max_tenant_bytes", &files->limits.tenant_bytes,
                "Of a tenant's files together; 50 GiB");
  if (files->directory.empty() == files->s3.bucket.empty()) {
    section.AddError("directory", "one of directory and s3.bucket is required");
  }
  if (!files->s3.bucket.empty() && files->s3.region.empty()) {
    s3.AddError("region", "is required beside s3.bucket");
  }
  // A part of eight mebibytes on a slow line.
  files->s3.timeout = absl::Seconds(60);
}

// Part of metrics, of outboxes' names and of what operators type.
bool IsShardName(const std::string& name) {
  constexpr char kAllowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !name.empty() && name.size() <= 63 && name != kHomeShard &&
         name.find_first_not_of(kAllowed) == std::string::npos;
}

void ReadShard(config::Section& section, ShardOptions* shard) {
  section.Field("name", &shard->name, "Lower-case letters, digits, hyphens; not main").Required();
  if (!shard->name.empty() && !IsShardName(shard->name)) {
    section.AddError("name", "must be lower-case letters, digits and hyphens, and not main");
  }
  service::ReadPool(section.Child("database", "the service's own role there"), &shard->database);
  service::ReadPool(section.Child("relay", "the role of its outbox relay"), &shard->relay);
  service::ReadPool(section.Child("upkeep", "the role that sees what is due"), &shard->upkeep);
  service::ReadPool(section.Child("mover", "the role that moves records"), &shard->mover);
}

}  // namespace

void TenantDataConfig::Read(config::Section& section) {
  service.Read(section);
  // An export or an erasure that left a service out would be none.
  if (service.webhook_address.empty() || service.vault_address.empty() ||
      service.tenant_data_address.empty()) {
    section.AddError("peers", "webhook, vault and tenant_data are needed: rights reach them all");
  }
  service::ReadPool(section.Child("registry", "the role that keeps the list of tenants"),
                    &registry);
  service::ReadPool(section.Child("resolver", "the role that knows whose a host is"), &resolver);
  service::ReadPool(section.Child("upkeep", "the role that sees what is due in any tenant"),
                    &upkeep);
  service::ReadPool(section.Child("mover", "the role that moves tenants' records"), &mover);
  for (config::Section* const item :
       section.Items("shards", "More databases with tenants' records")) {
    ReadShard(*item, &shards.emplace_back());
  }
  section.Field("clean_after", &clean_after, "How long moved records stay where they were")
      .Between(absl::ZeroDuration(), absl::Hours(24 * 7));
  section.Field("base_domain", &base_domain,
                "Tenants answer below it by their slugs; empty: by custom domains alone");
  if (!base_domain.empty() && NormaliseHost(base_domain) != base_domain) {
    section.AddError("base_domain", "must be a domain in lower case, without a dot at the end");
  }
  config::Section& lookups = section.Child("dns", "How proofs of custom domains are looked up");
  lookups.Field("resolver", &dns.resolver,
                "Recursive resolvers, such as 10.0.0.53:53; empty: those of /etc/resolv.conf");
  lookups.Field("timeout", &dns.timeout, "For one lookup, repeats included")
      .Between(absl::Milliseconds(100), absl::Seconds(30));
  lookups.Field("recheck", &checks.recheck, "How often a verified domain is looked at again")
      .Between(absl::Seconds(1), absl::Hours(24 * 7));
  lookups.Field("retry", &checks.retry, "When again after a look that found no proof")
      .Between(absl::Seconds(1), absl::Hours(24));
  if (const auto made = dns::TxtResolver::Create(dns); !made.ok()) {
    lookups.AddError("resolver", std::string(made.status().message()));
  }
  ReadFiles(section.Child("files", "Where the tenants' files are, sealed"), &files);
}

}  // namespace kasbah::tenantdata
