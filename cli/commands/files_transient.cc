#include "cli/commands/files_transient.h"

#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/client/client.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::FileService;
using tenantdata::v1::TakeTransientResponse;
using tenantdata::v1::TransientFile;
using tenantdata::v1::UploadTransientRequest;

constexpr size_t kChunkBytes = 256 * 1024;

std::string Describe(const TransientFile& file) {
  return ToString({{"file", file.file_id()},
                   {"name", file.name()},
                   {"type", file.content_type()},
                   {"size", StrCat(file.size())},
                   {"expires", ToCell(file.expire_time(), file.has_expire_time())}});
}

void AddUpload(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string path;
    std::string name;
    std::string content_type;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand(
      "upload-transient", "Leave a file in memory for some minutes, for one who takes it");
  leaf->add_option("path", options->path, "The file here")->required();
  leaf->add_option("--name", options->name, "What to call it");
  leaf->add_option("--content-type", options->content_type,
                   "Such as image/png; left out: what the bytes look like");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string bytes, dev::ReadFile(options->path));
    size_t sent = 0;
    bool is_first = true;
    const auto next = [&](UploadTransientRequest* request) -> absl::StatusOr<bool> {
      if (!is_first && sent == bytes.size()) return false;
      if (is_first) {
        auto& metadata = *request->mutable_metadata();
        const std::string name = std::filesystem::path(options->path).filename().string();
        metadata.set_name(options->name.empty() ? name : options->name);
        metadata.set_content_type(options->content_type);
        metadata.set_size(static_cast<int64_t>(bytes.size()));
      }
      is_first = false;
      request->set_chunk(bytes.substr(sent, kChunkBytes));
      sent += request->chunk().size();
      return true;
    };
    ASSIGN_OR_RETURN(Client * client, run.client());
    const absl::StatusOr<TransientFile> file =
        client->Send<FileService::Stub, UploadTransientRequest, TransientFile>(
            &FileService::Stub::UploadTransient, next);
    RETURN_IF_ERROR(file.status());
    return run.Show(*file, [&] { return Describe(*file); });
  });
}

void AddTake(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string id;
    std::string out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand(
      "take", "Fetch a file that upload-transient left; nobody can take it again");
  leaf->add_option("file_id", options->id, "fil_…")->required();
  leaf->add_option("--out", options->out, "Where to write it; - for standard output")->required();
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    // Opened before it is taken: it is given out once.
    std::ofstream written;
    if (options->out != "-") {
      written.open(options->out, std::ios::binary | std::ios::trunc);
      if (!written) return dev::FileError("write", options->out, errno);
    }
    std::ostream& out = options->out == "-" ? std::cout : written;
    TransientFile file;
    const std::function<absl::Status(const TakeTransientResponse&)> take =
        [&](const TakeTransientResponse& reply) -> absl::Status {
      if (reply.has_file()) file = reply.file();
      out << reply.chunk();
      return out ? absl::OkStatus() : absl::InternalError("the file cannot be written here");
    };
    tenantdata::v1::TakeTransientRequest request;
    request.set_file_id(options->id);
    ASSIGN_OR_RETURN(Client * client, run.client());
    RETURN_IF_ERROR(client->Stream(&FileService::Stub::TakeTransient, request, take));
    out.flush();
    if (!out) return dev::FileError("write", options->out, errno);
    if (options->out == "-") return absl::OkStatus();
    return run.Show(file, [&] { return Describe(file); });
  });
}

}  // namespace

void AddTransientFiles(CLI::App* files, Invocation& invocation) {
  AddUpload(files, invocation);
  AddTake(files, invocation);
}

}  // namespace kasbah::cli
