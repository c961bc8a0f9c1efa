// make bench: the budget table of ARCHITECTURE.md, measured in one run. Writes bench/results.json.
// KASBAH_BENCH_ROUNDS and KASBAH_BENCH_SECONDS say how long, KASBAH_BENCH_ONLY names a part of the
// paths' names; KASBAH_BENCH_REWRAP measures a rewrap of so many ciphertexts instead,
// KASBAH_BENCH_LISTS pages of a tenant with so many records, KASBAH_BENCH_SCALE records of a
// thousand tenants against those of one, KASBAH_BENCH_SEARCH pages of the trail of a tenant with so
// many events, KASBAH_BENCH_GROWTH a log that becomes so long.

#include <stdlib.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/bench/budget.h"
#include "tests/bench/growth.h"
#include "tests/bench/lists.h"
#include "tests/bench/paths.h"
#include "tests/bench/rewrap.h"
#include "tests/bench/scale.h"
#include "tests/bench/search.h"

int main(int argc, char** argv) {
  using namespace kasbah::bench;
  if (argc == 4 && strcmp(argv[1], "--echo") == 0) ServeEcho(argv[2], atoi(argv[3]));

  const int rounds = getenv("KASBAH_BENCH_ROUNDS") ? atoi(getenv("KASBAH_BENCH_ROUNDS")) : 9;
  const int seconds = getenv("KASBAH_BENCH_SECONDS") ? atoi(getenv("KASBAH_BENCH_SECONDS")) : 2;
  const std::string directory = argc > 1 ? argv[1] : "/tmp/kasbah-bench";
  if (const char* records = getenv("KASBAH_BENCH_SCALE"); records != nullptr) {
    fputs(MeasureScale(directory, 1000, atoi(records)).c_str(), stdout);
    return 0;
  }
  const auto kasbah = Installation::Start(directory);
  if (const char* ciphertexts = getenv("KASBAH_BENCH_REWRAP"); ciphertexts != nullptr) {
    fputs(MeasureRewrap(*kasbah, atoi(ciphertexts)).c_str(), stdout);
    return 0;
  }
  if (const char* records = getenv("KASBAH_BENCH_LISTS"); records != nullptr) {
    fputs(MeasureLists(*kasbah, atoi(records)).c_str(), stdout);
    return 0;
  }
  if (const char* events = getenv("KASBAH_BENCH_GROWTH"); events != nullptr) {
    fputs(MeasureGrowth(*kasbah, atoll(events)).c_str(), stdout);
    return 0;
  }
  if (const char* events = getenv("KASBAH_BENCH_SEARCH"); events != nullptr) {
    fputs(MeasureSearch(*kasbah, atoll(events)).c_str(), stdout);
    return 0;
  }
  std::vector<Reading> readings;
  const char* only = getenv("KASBAH_BENCH_ONLY");
  for (const Budget& budget : AllBudgets(*kasbah, seconds)) {
    if (only != nullptr && budget.name.find(only) == std::string::npos) continue;
    fprintf(stderr, "measuring %s …\n", budget.name.c_str());
    readings.push_back(Measure(budget, rounds));
  }
  fputs(Table(readings).c_str(), stdout);
  std::filesystem::create_directories("bench");
  std::ofstream("bench/results.json") << Json(readings) << "\n";
  return 0;
}
