// Completion of command lines in bash, zsh and fish.
#pragma once

#include <string>
#include <vector>

#include "visor/command.h"

namespace visor::cli {

struct Candidate {
  std::string value;
  std::string meaning = {};
};

/// What may stand at the place of the last word.
struct Completion {
  std::vector<Candidate> candidates;    ///< that begin with the last word
  Completes live = Completes::nothing;  ///< ask the daemon for these (or the shell, for files)
  std::string prefix;                   ///< the last word, or what follows "=" in it
  std::string machine;                  ///< that the words before name; empty: none
  std::string stem;                     ///< what the shell has before the prefix in the same word ("--image=")
};

/// `words` without "visor"; the last one (possibly empty) is the one to complete. Asks nobody.
Completion complete(const std::vector<std::string>& words);

/// The script for "bash", "zsh" or "fish"; empty for another shell.
std::string completion_script(const std::string& shell);

}  // namespace visor::cli
