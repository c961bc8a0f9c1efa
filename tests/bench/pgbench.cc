#include "tests/bench/pgbench.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::bench {

double RunPgbench(const std::string& dsn, const std::string& password_file,
                  const std::string& script, int clients, int seconds) {
  std::string file = "/tmp/kasbah-pgbench-XXXXXX";
  const int fd = mkstemp(file.data());
  KASBAH_CHECK(fd >= 0 &&
               write(fd, script.data(), script.size()) == static_cast<ssize_t>(script.size()));
  close(fd);
  std::ifstream in(password_file);
  std::string password;
  std::getline(in, password);
  setenv("PGPASSWORD", password.c_str(), 1);
  const std::string command =
      StrCat("/usr/lib/postgresql/15/bin/pgbench -n -M prepared -j 1 -c ", clients, " -T ", seconds,
             " -f ", file, " '", dsn, "' 2>/dev/null");
  FILE* pipe = popen(command.c_str(), "r");
  KASBAH_CHECK(pipe != nullptr);
  double rate = 0;
  char line[512];
  while (fgets(line, sizeof(line), pipe) != nullptr) sscanf(line, "tps = %lf", &rate);
  pclose(pipe);
  unsetenv("PGPASSWORD");
  unlink(file.c_str());
  return rate;
}

}  // namespace kasbah::bench
