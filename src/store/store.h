// Persistence: documents and the journal of open tasks. An interface, because hosts in a cluster will share another one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace visor::store {

/// A stored object: JSON text under a kind ("machine", "image", "task", "credential") and an id.
struct Document {
  std::string id;
  std::string text;
};

/// One entry of a task's journal: how to undo what the task is about to do. Written before it does it.
struct Undo {
  std::uint64_t sequence = 0;
  std::string action;  ///< "remove_path", ...
  std::string argument;
};

/// Which space a write may take.
enum class Room {
  ordinary,
  reserve  ///< also what is kept back for a full file system: for what ends or undoes work
};

/// All methods are short (no fsync on the way: WAL with synchronous=NORMAL) and throw Error `store.*`,
/// or `host.no_space`. Removing and the journal of undo may use the reserve.
class Store {
 public:
  virtual ~Store() = default;

  virtual std::vector<Document> load(std::string_view kind) = 0;
  virtual void put(std::string_view kind, std::string_view id, std::string_view text, Room room = Room::ordinary) = 0;
  virtual void erase(std::string_view kind, std::string_view id) = 0;

  virtual void append_undo(std::string_view task, std::string_view action, std::string_view argument) = 0;
  /// The journal of a task, the last entry first.
  virtual std::vector<Undo> undo_of(std::string_view task) = 0;
  virtual void clear_undo(std::string_view task) = 0;
};

/// Opens (and migrates) the SQLite database. Errors: `store.corrupt`, `store.newer` (written by a later version), `store.failed`.
std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& file);

}  // namespace visor::store
