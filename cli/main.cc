#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands/app.h"
#include "libs/rpc/process.h"

int main(int argc, char** argv) {
  kasbah::rpc::PrepareProcess();
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return kasbah::cli::RunCommandLine({argv + 1, argv + argc}, self.parent_path().string());
}
