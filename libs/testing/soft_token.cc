#include "libs/testing/soft_token.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "libs/base/error.h"

namespace kasbah::testing {

SoftToken::SoftToken() {
  char name[] = "/tmp/kasbah-token-XXXXXX";
  KASBAH_CHECK(mkdtemp(name) != nullptr);
  directory_ = name;
  std::filesystem::create_directory(directory_ + "/tokens");
  const std::string settings = directory_ + "/softhsm2.conf";
  std::ofstream(settings) << "directories.tokendir = " << directory_
                          << "/tokens\nlog.level = ERROR\n";
  setenv("SOFTHSM2_CONF", settings.c_str(), 1);
  KASBAH_CHECK(system("softhsm2-util --init-token --free --label kasbah --so-pin 1234 --pin 5678"
                      " >/dev/null") == 0);
  std::ofstream(pin_file()) << "5678\n";
  KASBAH_CHECK(chmod(pin_file().c_str(), 0600) == 0);
}

SoftToken::~SoftToken() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace kasbah::testing
