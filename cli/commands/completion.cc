#include "cli/commands/completion.h"

#include "cli/console/completion.h"
#include "libs/base/strings.h"

namespace kasbah::cli {

void AddCompletion(CLI::App& root, Invocation& invocation) {
  auto shell = std::make_shared<std::string>();
  CLI::App* leaf = root.add_subcommand("completion", "What a shell needs to complete commands");
  leaf->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  leaf->footer(
      "Examples:\n"
      "  source <(kasbah completion bash)      # in ~/.bashrc\n"
      "  source <(kasbah completion zsh)       # in ~/.zshrc, after compinit\n"
      "  kasbah completion fish | source       # in ~/.config/fish/config.fish");
  OnRun(leaf, invocation, [shell](Invocation&) {
    Print(CompletionScript(*shell));
    return absl::OkStatus();
  });
}

}  // namespace kasbah::cli
