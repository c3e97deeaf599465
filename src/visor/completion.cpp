#include "visor/completion.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "visor/parse.h"

namespace visor::cli {
namespace {

using Words = std::vector<std::string>;

const OptionSpec* find_option(const Command* command, const std::string& name) {
  const auto named = [&](const OptionSpec& option) {
    const Words names = text::split(option.names, ',');
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (command != nullptr) {
    const auto own = std::find_if(command->options.begin(), command->options.end(), named);
    if (own != command->options.end()) return &*own;
  }
  const auto& globals = global_options();
  const auto global = std::find_if(globals.begin(), globals.end(), named);
  return global == globals.end() ? nullptr : &*global;
}

void add(Completion& completion, const std::string& value, const std::string& meaning) {
  if (value.starts_with(completion.prefix)) completion.candidates.push_back({completion.stem + value, meaning});
}

void complete_value(Completion& completion, const OptionSpec& option) {
  for (const std::string& choice : option.choices) add(completion, choice, "");
  completion.live = option.completes;
}

void complete_option(Completion& completion, const Command* command) {
  const auto offer = [&](const OptionSpec& option) { add(completion, "--" + option.long_name(), option.help); };
  if (command != nullptr) std::for_each(command->options.begin(), command->options.end(), offer);
  for (const OptionSpec& option : global_options()) {
    if (option.names == "--dry-run" && command != nullptr && !command->dry_run) continue;
    offer(option);
  }
}

/// The next words of commands that begin with `before`.
void complete_command(Completion& completion, const Words& before) {
  std::set<std::string> seen;
  for (const Command& command : all_commands()) {
    const Words name = text::split(command.name, ' ');
    const bool fits =
        !command.group.empty() && name.size() > before.size() && std::equal(before.begin(), before.end(), name.begin());
    if (!fits || !seen.insert(name[before.size()]).second) continue;
    const bool whole = name.size() == before.size() + 1;
    add(completion, name[before.size()], whole ? command.summary : "");
  }
}

/// Words that are neither options nor their values.
Words plain_words(const Words& words, const Command* command, bool& value_expected, const OptionSpec*& pending) {
  Words plain;
  value_expected = false;
  for (const std::string& word : words) {
    if (value_expected) {
      value_expected = false;
      continue;
    }
    if (!word.starts_with('-')) {
      plain.push_back(word);
      continue;
    }
    pending = find_option(command, word);
    value_expected = pending != nullptr && !pending->value.empty() && !pending->value_optional;
  }
  return plain;
}

/// The machine among the words that stand at the places of the command.
std::string named_machine(const Command& command, const Words& values) {
  for (std::size_t i = 0; i < command.positionals.size() && i < values.size(); ++i) {
    if (command.positionals[i].completes == Completes::machines) return values[i];
  }
  return {};
}

constexpr const char* kBash = R"script(# bash completion for visor: eval "$(visor completion bash)"
_visor() {
  local IFS=$'\n' word reply words=() cword
  # ":" and "=" break words in bash; they are put together again as far as bash-completion is there to do it.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n := words cword
  else
    words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  COMPREPLY=()
  while IFS= read -r reply; do
    if [[ $reply == :files ]]; then
      compopt -o filenames 2>/dev/null
      word=${words[cword]##*=}
      while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(compgen -f -- "$word")
    else
      COMPREPLY+=("${reply%%$'\t'*}")
    fi
  done < <("${words[0]}" __complete -- "${words[@]:1:cword}" 2>/dev/null)
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:=] ]]; then compopt -o nospace 2>/dev/null; fi
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "${words[cword]}"; fi
}
complete -F _visor visor
)script";

constexpr const char* kZsh = R"script(#compdef visor
# zsh completion for visor: put this into a file _visor in a folder of $fpath.
_visor() {
  local -a replies described
  local reply value
  replies=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for reply in "${replies[@]}"; do
    [[ -z $reply ]] && continue
    if [[ $reply == :files ]]; then _files; continue; fi
    value=${reply%%$'\t'*}
    described+=("${value//:/\\:}:${reply#*$'\t'}")
  done
  (( ${#described} )) && _describe 'visor' described
}
if [ "$funcstack[1]" = "_visor" ]; then _visor "$@"; else compdef _visor visor; fi
)script";

constexpr const char* kFish = R"script(# fish completion for visor: visor completion fish > ~/.config/fish/completions/visor.fish
function __visor_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for reply in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
        if test "$reply" = ":files"
            __fish_complete_path "$current"
        else
            echo $reply
        end
    end
end
complete -c visor -f -a '(__visor_complete)'
)script";

}  // namespace

Completion complete(const std::vector<std::string>& words) {
  Completion completion;
  if (words.empty()) return completion;
  completion.prefix = words.back();
  const Words before(words.begin(), words.end() - 1);
  // What follows -- is the business of the guest, or a file name.
  if (std::find(before.begin(), before.end(), "--") != before.end()) return completion;
  bool value_expected = false;
  const OptionSpec* option = nullptr;
  Words plain = plain_words(before, nullptr, value_expected, option);
  std::size_t used = 0;
  const Command* command = find_command(plain, used);
  plain = plain_words(before, command, value_expected, option);
  if (command != nullptr)
    completion.machine = named_machine(*command, {plain.begin() + static_cast<std::ptrdiff_t>(used), plain.end()});
  if (value_expected) {
    complete_value(completion, *option);
    return completion;
  }
  const std::size_t equals = completion.prefix.find('=');
  if (completion.prefix.starts_with("--") && equals != std::string::npos) {
    option = find_option(command, completion.prefix.substr(0, equals));
    completion.stem = completion.prefix.substr(0, equals + 1);
    completion.prefix.erase(0, equals + 1);
    if (option != nullptr) complete_value(completion, *option);
    return completion;
  }
  if (completion.prefix.starts_with('-')) {
    complete_option(completion, command);
    return completion;
  }
  if (command == nullptr) {
    complete_command(completion, plain);
    return completion;
  }
  const std::size_t place = plain.size() - used;
  const auto& positionals = command->positionals;
  if (place < positionals.size()) {
    completion.live = positionals[place].completes;
  } else if (!positionals.empty() && positionals.back().repeats) {
    completion.live = positionals.back().completes;
  }
  return completion;
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  return shell == "fish" ? kFish : "";
}

}  // namespace visor::cli
