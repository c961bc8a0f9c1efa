#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/console/terminal.h"
#include "libs/dev/interrupt.h"
#include "libs/postgres/migration.h"

namespace kasbah::cli {

struct TourOptions {
  // Of an installation, made when missing.
  std::string directory;
  std::string binaries;
  std::vector<postgres::Migration> migrations;
};

// Starts everything, walks the eight steps, each a line on standard output, and stops everything.
// OK only if every step held; else an error that says which expectation did not, and where the logs
// are. When interrupted it stops everything and ends the process.
absl::Status RunTour(const TourOptions& options, Terminal& terminal,
                     const dev::Interrupt& interrupt);

}  // namespace kasbah::cli
