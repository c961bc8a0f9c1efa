#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::audit {

// A directory with a CA (ca.pem) and what it issued (NAME.pem, NAME.key), made by openssl's command
// line: what a receiver's administrator has.
class Certificates {
 public:
  Certificates() {
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-tls-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    Run(StrCat("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 ",
               "-subj /CN=ca -keyout ", Path("ca.key"), " -out ", Path("ca.pem")));
  }
  ~Certificates() { std::filesystem::remove_all(directory_); }

  // `names`: "IP:127.0.0.1,DNS:localhost".
  void Issue(const std::string& name, const std::string& names) const {
    EXPECT_TRUE(dev::WriteFile(Path(name + ".ext"), "subjectAltName=" + names + "\n", 0600).ok());
    Run(StrCat("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=", name,
               " -keyout ", Path(name + ".key"), " -out ", Path(name + ".csr")));
    Run(StrCat("x509 -req -days 1 -in ", Path(name + ".csr"), " -CA ", Path("ca.pem"), " -CAkey ",
               Path("ca.key"), " -CAcreateserial -extfile ", Path(name + ".ext"), " -out ",
               Path(name + ".pem")));
  }
  std::string Path(const std::string& file) const { return directory_ + "/" + file; }
  std::string Text(const std::string& file) const { return dev::ReadFile(Path(file)).value(); }
  const std::string& directory() const { return directory_; }

 private:
  static void Run(const std::string& command) {
    ASSERT_EQ(std::system(("openssl " + command + " 2>/dev/null >&2").c_str()), 0) << command;
  }

  std::string directory_;
};

}  // namespace kasbah::audit
