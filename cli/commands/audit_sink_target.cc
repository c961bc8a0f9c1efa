#include "cli/commands/audit_sink_target.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "cli/console/invocation.h"
#include "cli/console/output.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {

void SinkOptions::AddTo(CLI::App* leaf) {
  const google::protobuf::EnumDescriptor& shapes = *audit::v1::HttpTarget::Shape_descriptor();
  leaf->add_option("--http", http, "To an https address");
  leaf->add_option("--shape", shape, StrCat("How an HTTP receiver wants it: ", EnumNames(shapes)))
      ->capture_default_str();
  leaf->add_option("--syslog", syslog, "To a host over TLS (RFC 5425): logs.example.com:6514");
  leaf->add_option("--s3", s3, "To a bucket, with proofs");
  leaf->add_option("--format", format, "HTTP: json_lines, ocsf; syslog: syslog, cef");
  leaf->add_option("--index", index, "Splunk's or Elasticsearch's");
  leaf->add_option("--secret-file", secret_file,
                   "The Authorization header, the client's key or the bucket's; - for standard "
                   "input");
  leaf->add_option("--ca", ca, "PEM file of certificates that a syslog receiver's may come from");
  leaf->add_option("--client-certificate", client_certificate,
                   "PEM file, for a syslog receiver that asks for one");
  leaf->add_option("--prefix", prefix, "Before the names of a bucket's objects");
  leaf->add_option("--region", region, "The bucket's: eu-central-1");
  leaf->add_option("--endpoint", endpoint, "Another store that speaks S3");
  leaf->add_option("--access-key-id", access_key_id, "The bucket's");
  leaf->add_option("--lock-days", lock_days, "Object Lock for so many days");
  filter.AddTo(leaf, /*with_times=*/false);
}

absl::Status SinkOptions::Check() const {
  const int targets = (http.empty() ? 0 : 1) + (syslog.empty() ? 0 : 1) + (s3.empty() ? 0 : 1);
  if (targets == 1) return absl::OkStatus();
  return absl::InvalidArgumentError("say one of --http, --syslog and --s3");
}

absl::Status SinkOptions::ReadFormat(audit::v1::ExportFormat* number) const {
  if (format.empty()) return absl::OkStatus();
  const google::protobuf::EnumDescriptor& formats = *audit::v1::ExportFormat_descriptor();
  const int found = EnumNumber(formats, format);
  if (found < 0) {
    return absl::InvalidArgumentError(StrCat("--format ", format, ": one of ", EnumNames(formats)));
  }
  *number = static_cast<audit::v1::ExportFormat>(found);
  return absl::OkStatus();
}

absl::Status SinkOptions::ReadSecret(std::string* secret) const {
  if (secret_file.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(*secret,
                   secret_file == "-" ? ReadSecretInput("secret: ") : ReadInput(secret_file));
  return absl::OkStatus();
}

absl::Status SinkOptions::FillHttp(audit::v1::HttpTarget* to) const {
  const google::protobuf::EnumDescriptor& shapes = *audit::v1::HttpTarget::Shape_descriptor();
  const int number = EnumNumber(shapes, shape);
  if (number < 0) {
    return absl::InvalidArgumentError(StrCat("--shape ", shape, ": one of ", EnumNames(shapes)));
  }
  to->set_url(http);
  to->set_shape(static_cast<audit::v1::HttpTarget::Shape>(number));
  to->set_index(index);
  audit::v1::ExportFormat read = to->format();
  RETURN_IF_ERROR(ReadFormat(&read));
  to->set_format(read);
  RETURN_IF_ERROR(ReadSecret(to->mutable_authorization()));
  // Files end in a newline, headers do not.
  absl::StripAsciiWhitespace(to->mutable_authorization());
  return absl::OkStatus();
}

absl::Status SinkOptions::FillSyslog(audit::v1::SyslogTarget* to) const {
  const size_t colon = syslog.rfind(':');
  uint32_t port = 0;
  const bool has_port = colon != std::string::npos && syslog.find(':') == colon;
  if (has_port && !absl::SimpleAtoi(syslog.substr(colon + 1), &port)) {
    return absl::InvalidArgumentError(StrCat("--syslog ", syslog, ": say host or host:port"));
  }
  to->set_host(has_port ? syslog.substr(0, colon) : syslog);
  to->set_port(port);
  if (!ca.empty()) {
    ASSIGN_OR_RETURN(*to->mutable_ca_certificates(), ReadInput(ca));
  }
  if (!client_certificate.empty()) {
    ASSIGN_OR_RETURN(*to->mutable_client_certificate(), ReadInput(client_certificate));
  }
  audit::v1::ExportFormat read = to->format();
  RETURN_IF_ERROR(ReadFormat(&read));
  to->set_format(read);
  return ReadSecret(to->mutable_client_key());
}

absl::Status SinkOptions::FillS3(audit::v1::S3Target* to) const {
  to->set_bucket(s3);
  to->set_prefix(prefix);
  to->set_region(region);
  to->set_endpoint(endpoint);
  to->set_access_key_id(access_key_id);
  to->set_lock_days(lock_days);
  RETURN_IF_ERROR(ReadSecret(to->mutable_secret_access_key()));
  absl::StripAsciiWhitespace(to->mutable_secret_access_key());
  return absl::OkStatus();
}

}  // namespace kasbah::cli
