#include "cli/console/completion.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"

namespace kasbah::cli {
namespace {

constexpr char kBash[] = R"sh(_kasbah() {
  local IFS=$'\n'
  COMPREPLY=($(kasbah __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _kasbah kasbah
)sh";

constexpr char kZsh[] = R"sh(_kasbah() {
  local -a candidates
  candidates=("${(@f)$(kasbah __complete "${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  if [[ -n "${candidates[1]}" ]]; then compadd -- "${candidates[@]}"; else _files; fi
}
compdef _kasbah kasbah
)sh";

constexpr char kFish[] = R"sh(function __kasbah_candidates
  set -l words (commandline -opc) (commandline -ct)
  kasbah __complete $words[2..-1] 2>/dev/null
end
complete -c kasbah -a '(__kasbah_candidates)'
)sh";

const CLI::App* FindCommand(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

const CLI::Option* FindOption(const CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (!option->nonpositional()) continue;
      if (option->check_name(name)) return option;
    }
  }
  return nullptr;
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// Options of a command and of everything above it, long names.
void AddOptions(const CLI::App* app, std::vector<std::string>* candidates) {
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) candidates->push_back("--" + name);
    }
  }
}

std::vector<std::string> ValuesOf(const CLI::Option& option,
                                  const std::vector<std::string>& contexts) {
  static const auto* values = new std::map<std::string, std::vector<std::string>>{
      {"output", {"json", "table"}},
      {"role", {"admin", "member", "owner", "viewer"}},
      {"outcome", {"denied", "failure", "success"}},
  };
  for (const std::string& name : option.get_lnames()) {
    if (name == "context") return contexts;
    if (const auto found = values->find(name); found != values->end()) return found->second;
  }
  return {};
}

}  // namespace

std::vector<std::string> Candidates(const CLI::App& root, const std::vector<std::string>& words,
                                    const std::vector<std::string>& contexts) {
  const std::string last = words.empty() ? "" : words.back();
  const CLI::App* command = &root;
  const CLI::Option* pending = nullptr;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (pending != nullptr) {
      pending = nullptr;
      continue;
    }
    if (absl::StartsWith(words[i], "-")) {
      const CLI::Option* option = FindOption(command, words[i]);
      const bool has_value = words[i].find('=') != std::string::npos;
      if (option != nullptr && !has_value && TakesValue(*option)) pending = option;
    } else if (const CLI::App* next = FindCommand(*command, words[i]); next != nullptr) {
      command = next;
    }
  }
  std::vector<std::string> candidates;
  if (pending != nullptr) {
    candidates = ValuesOf(*pending, contexts);
  } else if (absl::StartsWith(last, "-")) {
    AddOptions(command, &candidates);
  } else if (command->get_name() == "completion") {
    candidates = {"bash", "fish", "zsh"};
  } else if (command->get_name() == "use") {
    candidates = contexts;
  } else {
    for (const CLI::App* next : command->get_subcommands(nullptr))
      candidates.push_back(next->get_name());
  }
  std::erase_if(candidates,
                [&](const std::string& candidate) { return !absl::StartsWith(candidate, last); });
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  return candidates;
}

std::string CompletionScript(const std::string& shell) {
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return kBash;
}

}  // namespace kasbah::cli
