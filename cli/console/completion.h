#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace kasbah::cli {

// The first argument by which a shell asks for candidates: `kasbah __complete records li`.
inline constexpr char kCompleteCommand[] = "__complete";

// What the last of `words` (possibly empty, unfinished) could become, after the ones before it:
// commands, options, and the values of options that have a few. Empty where a file is meant.
std::vector<std::string> Candidates(const CLI::App& root, const std::vector<std::string>& words,
                                    const std::vector<std::string>& contexts);

// For "bash", "zsh" or "fish": asks the command itself, so that it never is out of date.
std::string CompletionScript(const std::string& shell);

}  // namespace kasbah::cli
