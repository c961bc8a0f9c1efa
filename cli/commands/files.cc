#include "cli/commands/files.h"

#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/client/paging.h"
#include "cli/commands/files_transient.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/sha256_stream.h"
#include "libs/dev/files.h"

namespace kasbah::cli {
namespace {

namespace fs = std::filesystem;
using tenantdata::v1::DownloadFileResponse;
using tenantdata::v1::File;
using tenantdata::v1::FileService;
using tenantdata::v1::UploadFileRequest;

constexpr size_t kChunkBytes = 256 * 1024;

std::string Describe(const File& file) {
  Properties properties = {{"file", file.file_id()},
                           {"name", file.name()},
                           {"type", file.content_type()},
                           {"size", StrCat(file.size())},
                           {"sha256", crypto::Hex(file.sha256())}};
  if (!file.customer_id().empty()) properties.emplace_back("customer", file.customer_id());
  if (!file.collection_id().empty()) properties.emplace_back("collection", file.collection_id());
  if (!file.record_id().empty()) properties.emplace_back("record", file.record_id());
  properties.emplace_back("created", ToCell(file.create_time(), file.has_create_time()));
  properties.emplace_back("by", StrCat(file.creator_kind(), " ", file.creator_id()));
  return ToString(properties);
}

// A file may take its time: an hour, unless --timeout says otherwise.
absl::StatusOr<Client*> PatientClient(Invocation& run) {
  if (run.global.timeout_seconds == GlobalOptions().timeout_seconds) {
    run.global.timeout_seconds = 3600;
  }
  return run.client();
}

std::string Progress(int64_t done, int64_t total) {
  const int64_t percent = total == 0 ? 100 : done * 100 / total;
  return StrCat("  ", percent, "% of ", total, " bytes");
}

// Reads a file a chunk at a time and says its digest with the last.
class Source {
 public:
  static absl::StatusOr<Source> Open(const std::string& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) return dev::FileError("read", path, error.value());
    Source source;
    source.path_ = path;
    source.size_ = static_cast<int64_t>(size);
    source.in_.open(path, std::ios::binary);
    if (!source.in_) return dev::FileError("read", path, errno);
    return source;
  }

  int64_t size() const { return size_; }
  int64_t done() const { return done_; }

  absl::StatusOr<bool> Next(UploadFileRequest* request) {
    if (is_over_) return false;
    std::string& chunk = *request->mutable_chunk();
    chunk.resize(kChunkBytes);
    in_.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    if (in_.bad()) return dev::FileError("read", path_, errno);
    chunk.resize(static_cast<size_t>(in_.gcount()));
    digest_.Update(chunk);
    done_ += static_cast<int64_t>(chunk.size());
    is_over_ = done_ >= size_ || chunk.empty();
    if (is_over_) request->set_sha256(digest_.Finish());
    return true;
  }

 private:
  std::string path_;
  std::ifstream in_;
  int64_t size_ = 0;
  int64_t done_ = 0;
  bool is_over_ = false;
  crypto::Sha256Stream digest_;
};

void AddUpload(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string path;
    tenantdata::v1::FileMetadata metadata;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("upload", "Store a file");
  leaf->add_option("path", options->path, "The file here")->required();
  const auto set = [&](const char* name, auto setter, const char* help) {
    leaf->add_option_function<std::string>(
        name, [options, setter](const std::string& value) { setter(options->metadata, value); },
        help);
  };
  set(
      "--name", [](auto& m, const std::string& v) { m.set_name(v); }, "What to call it there");
  set(
      "--content-type", [](auto& m, const std::string& v) { m.set_content_type(v); },
      "Such as image/png; left out: what the bytes look like");
  set(
      "--record", [](auto& m, const std::string& v) { m.set_record_id(v); },
      "rec_…: the record that it belongs to");
  set(
      "--collection", [](auto& m, const std::string& v) { m.set_collection_id(v); },
      "col_…: the collection that it belongs to");
  set(
      "--customer-id", [](auto& m, const std::string& v) { m.set_customer_id(v); },
      "cus_…: whose it is");
  set(
      "--subject", [](auto& m, const std::string& v) { m.set_subject(v); },
      "Whose personal data it is, to be erased with them");
  set(
      "--request-id", [](auto& m, const std::string& v) { m.set_request_id(v); },
      "UUID; repeating the upload stores nothing twice");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Source source, Source::Open(options->path));
    tenantdata::v1::FileMetadata& metadata = options->metadata;
    if (metadata.name().empty()) metadata.set_name(fs::path(options->path).filename().string());
    metadata.set_size(source.size());
    ASSIGN_OR_RETURN(Client * client, PatientClient(run));
    bool is_first = true;
    const auto next = [&](UploadFileRequest* request) -> absl::StatusOr<bool> {
      if (std::exchange(is_first, false)) *request->mutable_metadata() = metadata;
      run.terminal.Progress(Progress(source.done(), source.size()));
      return source.Next(request);
    };
    const absl::StatusOr<File> file = client->Send<FileService::Stub, UploadFileRequest, File>(
        &FileService::Stub::UploadFile, next);
    run.terminal.ClearProgress();
    RETURN_IF_ERROR(file.status());
    return run.Show(*file, [&] { return Describe(*file); });
  });
}

absl::Status Download(Invocation& run, const std::string& id, std::ostream& out, File* file) {
  ASSIGN_OR_RETURN(Client * client, PatientClient(run));
  tenantdata::v1::DownloadFileRequest request;
  request.set_file_id(id);
  int64_t done = 0;
  crypto::Sha256Stream digest;
  const std::function<absl::Status(const DownloadFileResponse&)> take =
      [&](const DownloadFileResponse& reply) -> absl::Status {
    if (reply.has_file()) *file = reply.file();
    out << reply.chunk();
    if (!out) return absl::InternalError("the file cannot be written here");
    digest.Update(reply.chunk());
    done += static_cast<int64_t>(reply.chunk().size());
    run.terminal.Progress(Progress(done, file->size()));
    return absl::OkStatus();
  };
  const absl::Status status = client->Stream(&FileService::Stub::DownloadFile, request, take);
  run.terminal.ClearProgress();
  RETURN_IF_ERROR(status);
  if (digest.Finish() == file->sha256()) return absl::OkStatus();
  return absl::DataLossError("what arrived does not have the file's sha256");
}

void AddDownload(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string id;
    std::string out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("download", "Fetch a file and check its digest");
  leaf->add_option("file_id", options->id, "fil_…")->required();
  leaf->add_option("--out", options->out, "Where to write it; - for standard output")->required();
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    File file;
    if (options->out == "-") return Download(run, options->id, std::cout, &file);
    // The file appears when it is complete.
    const std::string unfinished = options->out + ".part";
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    if (!out) return dev::FileError("write", unfinished, errno);
    absl::Status status = Download(run, options->id, out, &file);
    out.close();
    if (status.ok() && (!out || std::rename(unfinished.c_str(), options->out.c_str()) != 0)) {
      status = dev::FileError("write", options->out, errno);
    }
    if (!status.ok()) {
      std::remove(unfinished.c_str());
      return status;
    }
    return run.Show(file, [&] { return Describe(file); });
  });
}

void AddGet(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("get", "What is known of a file");
  leaf->add_option("file_id", *id, "fil_…")->required();
  OnRun(leaf, invocation, [id](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    tenantdata::v1::GetFileRequest request;
    request.set_file_id(*id);
    ASSIGN_OR_RETURN(const File file, client->Call(&FileService::Stub::GetFile, request));
    return run.Show(file, [&] { return Describe(file); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string record;
    int limit = 100;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("list", "Files, oldest first");
  leaf->add_option("--record", options->record, "rec_…: those of one record");
  AddLimit(leaf, &options->limit);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    tenantdata::v1::ListFilesRequest request;
    request.set_record_id(options->record);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        ListAll(*client, Client::Scope::kTenant, &FileService::Stub::ListFiles, request,
                &tenantdata::v1::ListFilesResponse::mutable_files, options->limit));
    return run.Show(reply, [&] {
      Table table({"FILE", "NAME", "TYPE", "SIZE", "CREATED"});
      for (const File& file : reply.files()) {
        table.Add({file.file_id(), file.name(), file.content_type(), StrCat(file.size()),
                   ToCell(file.create_time(), file.has_create_time())});
      }
      return table.ToString();
    });
  });
}

void AddDelete(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("delete", "Delete a file, for good");
  leaf->add_option("file_id", *id, "fil_…")->required();
  OnRun(leaf, invocation, [id](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    tenantdata::v1::DeleteFileRequest request;
    request.set_file_id(*id);
    ASSIGN_OR_RETURN(const auto reply, client->Call(&FileService::Stub::DeleteFile, request));
    return run.Show(reply, [&] { return StrCat("deleted ", *id, "\n"); });
  });
}

}  // namespace

void AddFiles(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "files", "A tenant's files, sealed where they are stored",
                           "  kasbah --context demo files upload contract.pdf\n"
                           "  kasbah --context demo files download fil_… --out contract.pdf\n");
  AddUpload(noun, invocation);
  AddDownload(noun, invocation);
  AddGet(noun, invocation);
  AddList(noun, invocation);
  AddDelete(noun, invocation);
  AddTransientFiles(noun, invocation);
}

}  // namespace kasbah::cli
