#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "kasbah/tenantdata/v1/records.pb.h"
#include "services/tenant_data/rpc/record_fixture.h"

namespace kasbah::tenantdata {

// What a stream said.
struct Said {
  absl::Status status;
  // "line field RULE", of every violation that is named, and "line and N more".
  std::vector<std::string> refused;
  // "line version", of every line that was refused.
  std::vector<std::string> versions;
  // "line path", of all that was taken out.
  std::vector<std::string> stripped;
  v1::ImportRecordsResponse::Progress progress;
};

// Imports into "countries", and exports of it, as streams.
class RecordImportTest : public RecordServiceTest {
 protected:
  static constexpr char kId[] = "0190a2c4-0000-4000-8000-0000000000aa";

  struct Options {
    v1::LineFormat format = v1::LINE_FORMAT_JSON_LINES;
    std::string import_id = kId;
    std::string subject_member = {};
    std::optional<CustomerId> customer;
    size_t piece = 1 << 20;
    // Leave once so many lines are done with.
    uint64_t leave_at = 0;
    bool says_last = true;
    // Called before each piece is sent, with where it begins.
    std::function<void(size_t at)> before_piece;
    // Called with each progress, before the next is read.
    std::function<void(uint64_t lines)> at_progress;
  };

  Said Import(TenantId tenant, const std::string& file, const Options& options) {
    server_->assertions().RevocationsFresh();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(300)));
    context.AddMetadata("authorization", "Bearer " + AssertionFor(tenant, options.customer));
    Stub stub(ChannelOf("service/gateway"));
    auto stream = stub.ImportRecords(&context);
    std::thread writer([&] {
      v1::ImportRecordsRequest first;
      first.mutable_start()->set_collection("countries");
      first.mutable_start()->set_format(options.format);
      first.mutable_start()->set_import_id(options.import_id);
      first.mutable_start()->set_subject_member(options.subject_member);
      bool open = stream->Write(first);
      for (size_t at = 0; open && at < file.size(); at += options.piece) {
        if (options.before_piece) options.before_piece(at);
        v1::ImportRecordsRequest piece;
        piece.set_data(file.substr(at, options.piece));
        open = stream->Write(piece);
      }
      v1::ImportRecordsRequest last;
      last.set_last(true);
      if (open && options.says_last) stream->Write(last);
      stream->WritesDone();
    });
    Said said;
    v1::ImportRecordsResponse response;
    while (stream->Read(&response)) {
      // Heard of all the while, as from a real auth: an import can take longer than one news lasts.
      server_->assertions().RevocationsFresh();
      if (response.has_progress()) {
        said.progress = response.progress();
        if (options.at_progress) options.at_progress(said.progress.lines());
        if (options.leave_at > 0 && said.progress.lines() >= options.leave_at) context.TryCancel();
        continue;
      }
      if (response.has_stripped()) {
        for (const std::string& path : response.stripped().paths()) {
          said.stripped.push_back(absl::StrCat(response.stripped().line(), " ", path));
        }
        continue;
      }
      said.versions.push_back(
          absl::StrCat(response.refused().line(), " ", response.refused().schema_version()));
      for (const v1::Violation& violation : response.refused().violations()) {
        said.refused.push_back(
            absl::StrCat(response.refused().line(), " ", violation.field(), " ", violation.rule()));
      }
      if (const uint32_t more = response.refused().more_violations(); more > 0) {
        said.refused.push_back(absl::StrCat(response.refused().line(), " and ", more, " more"));
      }
    }
    writer.join();
    said.status = rpc::FromGrpcStatus(stream->Finish());
    return said;
  }
  Said Import(const std::string& file) { return Import(a_, file, Options()); }
  Said ImportCsv(const std::string& file) {
    Options options;
    options.format = v1::LINE_FORMAT_CSV;
    return Import(a_, file, options);
  }

  absl::StatusOr<std::string> Export(TenantId tenant, v1::LineFormat format,
                                     const std::string& filter = "",
                                     std::optional<CustomerId> customer = std::nullopt) {
    server_->assertions().RevocationsFresh();
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + AssertionFor(tenant, customer));
    Stub stub(ChannelOf("service/gateway"));
    v1::ExportRecordsRequest request;
    request.set_collection("countries");
    request.set_format(format);
    request.set_filter(filter);
    auto stream = stub.ExportRecords(&context, request);
    std::string file;
    v1::ExportRecordsResponse response;
    while (stream->Read(&response)) file += response.data();
    absl::Status status = rpc::FromGrpcStatus(stream->Finish());
    if (!status.ok()) return status;
    return file;
  }

  // A line for each number, broken where it is a multiple of `broken_each`.
  static std::string Lines(int count, int broken_each) {
    std::string file;
    for (int i = 1; i <= count; ++i) {
      if (i % broken_each == 0) {
        absl::StrAppend(&file, "{\"code\": \"c", i, "\", \"population\": \"many\"}\n");
      } else {
        absl::StrAppend(&file, "{\"code\": \"c", i, "\", \"population\": ", i, "}\n");
      }
    }
    return file;
  }
};

}  // namespace kasbah::tenantdata
