#pragma once

#include <string>

#include "cli/console/invocation.h"
#include "kasbah/tenantdata/v1/collections.pb.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// kasbah collections update, delete, undelete, rebuild-index.
void AddCollectionChanges(CLI::App* noun, Invocation& invocation);

// For people: its properties and a line for each field.
std::string DescribeCollection(const tenantdata::v1::Collection& collection);

}  // namespace kasbah::cli
