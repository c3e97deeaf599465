// A store in memory: obeys the same contract as the SQLite one and can be handed from a "dead" daemon to the next.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "store/store.h"

namespace visor::testing {

class MemoryStore : public store::Store {
 public:
  std::vector<store::Document> load(std::string_view kind) override {
    std::vector<store::Document> all;
    for (const auto& [id, text] : documents_[std::string(kind)]) all.push_back({id, text});
    return all;
  }
  void put(std::string_view kind, std::string_view id, std::string_view text, store::Room) override {
    documents_[std::string(kind)][std::string(id)] = text;
  }
  void erase(std::string_view kind, std::string_view id) override { documents_[std::string(kind)].erase(std::string(id)); }
  void append_undo(std::string_view task, std::string_view action, std::string_view argument) override {
    journal_.push_back({std::string(task), {++sequence_, std::string(action), std::string(argument)}});
  }
  std::vector<store::Undo> undo_of(std::string_view task) override {
    std::vector<store::Undo> found;
    for (const auto& [owner, entry] : journal_) {
      if (owner == task) found.push_back(entry);
    }
    std::reverse(found.begin(), found.end());
    return found;
  }
  void clear_undo(std::string_view task) override {
    std::erase_if(journal_, [&](const auto& item) { return item.first == task; });
  }

 private:
  std::map<std::string, std::map<std::string, std::string>> documents_;
  std::vector<std::pair<std::string, store::Undo>> journal_;
  std::uint64_t sequence_ = 0;
};

}  // namespace visor::testing
