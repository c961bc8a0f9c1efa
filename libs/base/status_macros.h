#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns early with the status of an expression that failed.
#define RETURN_IF_ERROR(expr)                                                           \
  do {                                                                                  \
    if (absl::Status kasbah_status = (expr); !kasbah_status.ok()) return kasbah_status; \
  } while (false)

#define KASBAH_CONCAT_INNER(a, b) a##b
#define KASBAH_CONCAT(a, b) KASBAH_CONCAT_INNER(a, b)

// Declares or assigns `lhs` from an absl::StatusOr, or returns its status.
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL(KASBAH_CONCAT(kasbah_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL(statusor, lhs, expr)         \
  auto statusor = (expr);                                  \
  if (!statusor.ok()) return std::move(statusor).status(); \
  lhs = *std::move(statusor)
