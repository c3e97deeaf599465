#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <memory>
#include <utility>

#include "base/error.h"
#include "os/fd.h"
#include "store/store.h"

namespace visor::store {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
};
using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

/// Each entry lifts the schema by one version (PRAGMA user_version); entries are never changed once released.
constexpr std::array kMigrations{
    "CREATE TABLE documents (kind TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;"
    "CREATE TABLE undo (sequence INTEGER PRIMARY KEY, task TEXT NOT NULL, action TEXT NOT NULL, argument TEXT NOT NULL);"
    "CREATE INDEX undo_by_task ON undo (task);",
};

Error failure(sqlite3* database, std::string_view what) {
  const int code = sqlite3_errcode(database);
  const std::string message = fmt::format("The database failed to {}: {}", what, sqlite3_errmsg(database));
  if (code == SQLITE_FULL)
    return {ErrorKind::no_space, "host.no_space", message, "Free some space on the file system of the state directory."};
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return {ErrorKind::internal, "store.corrupt", message,
            "Restore visor.db from a backup, or move it away to begin with an empty one."};
  }
  return {ErrorKind::internal, "store.failed", message};
}

/// A prepared statement that is used again and again.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql) : database_(database) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
        SQLITE_OK) {
      throw failure(database, "prepare a statement");
    }
    handle_.reset(raw);
  }

  /// Starts over with these texts bound in order. They must live until the last step().
  template <class... Texts>
  Statement& with(const Texts&... texts) {
    sqlite3_reset(handle_.get());
    int index = 0;
    (sqlite3_bind_text(handle_.get(), ++index, texts.data(), static_cast<int>(texts.size()), SQLITE_STATIC), ...);
    return *this;
  }
  /// True when there is a row.
  bool step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) {
      Error error = failure(database_, "run a statement");
      sqlite3_reset(handle_.get());
      throw error;
    }
    sqlite3_reset(handle_.get());
    return false;
  }
  std::string text(int column) const {
    const auto* bytes = sqlite3_column_text(handle_.get(), column);
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
  }
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(sqlite3_column_int64(handle_.get(), column)); }

 private:
  sqlite3* database_;
  StatementHandle handle_;
};

void execute(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) throw failure(database, "run a statement");
}

DatabaseHandle open_database(const std::filesystem::path& file) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  DatabaseHandle database(raw);
  if (code != SQLITE_OK) throw failure(raw, fmt::format("open {}", file.native()));
  sqlite3_busy_timeout(raw, 2000);
  // NORMAL in WAL mode: a killed daemon loses nothing, a power cut at most the last transactions, never the consistency
  // (https://www.sqlite.org/pragma.html#pragma_synchronous).
  execute(raw, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA trusted_schema=OFF;");
  return database;
}

void migrate(sqlite3* database) {
  Statement version(database, "PRAGMA user_version");
  version.with().step();
  const std::uint64_t have = version.number(0);
  version.step();
  if (have > kMigrations.size()) {
    throw Error(ErrorKind::unsupported, "store.newer",
                fmt::format("The database has version {}, this visord knows up to {}.", have, kMigrations.size()),
                "Use the newer version of Visor that has written it.");
  }
  for (std::uint64_t next = have; next < kMigrations.size(); ++next) {
    execute(database, fmt::format("BEGIN IMMEDIATE; {} PRAGMA user_version={}; COMMIT;", kMigrations.at(next), next + 1));
  }
}

/// A file that takes up space for nothing, so that there is some to let go of when the file system is full: a user must be
/// able to delete a machine then, or to stop one.
class Reserve {
 public:
  explicit Reserve(std::filesystem::path file) : file_(std::move(file)) { refill(); }

  /// True when there was something to let go of.
  bool release() {
    held_ = false;
    std::error_code error;
    return std::filesystem::remove(file_, error);
  }
  /// Takes the space back, if there is any.
  void refill() {
    if (held_) return;
    const os::Fd file(::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    held_ = file && ::posix_fallocate(file.get(), 0, kSize) == 0;
    if (!held_) release();
  }

 private:
  static constexpr off_t kSize = off_t{1} << 20;
  std::filesystem::path file_;
  bool held_ = false;
};

class SqliteStore : public Store {
 public:
  SqliteStore(const std::filesystem::path& file, DatabaseHandle database)
      : reserve_(file.native() + ".reserve"),
        database_(std::move(database)),
        load_(database_.get(), "SELECT id, text FROM documents WHERE kind = ?1 ORDER BY id"),
        put_(database_.get(), "INSERT INTO documents VALUES (?1, ?2, ?3) ON CONFLICT (kind, id) DO UPDATE SET text = ?3"),
        erase_(database_.get(), "DELETE FROM documents WHERE kind = ?1 AND id = ?2"),
        append_undo_(database_.get(), "INSERT INTO undo (task, action, argument) VALUES (?1, ?2, ?3)"),
        undo_of_(database_.get(), "SELECT sequence, action, argument FROM undo WHERE task = ?1 ORDER BY sequence DESC"),
        clear_undo_(database_.get(), "DELETE FROM undo WHERE task = ?1") {}

  std::vector<Document> load(std::string_view kind) override {
    std::vector<Document> documents;
    load_.with(kind);
    while (load_.step()) documents.push_back({load_.text(0), load_.text(1)});
    return documents;
  }
  void put(std::string_view kind, std::string_view id, std::string_view text, Room room) override {
    write(put_.with(kind, id, text), room);
    if (room == Room::ordinary) reserve_.refill();
  }
  void erase(std::string_view kind, std::string_view id) override { write(erase_.with(kind, id), Room::reserve); }
  void append_undo(std::string_view task, std::string_view action, std::string_view argument) override {
    write(append_undo_.with(task, action, argument), Room::reserve);
  }
  std::vector<Undo> undo_of(std::string_view task) override {
    std::vector<Undo> journal;
    undo_of_.with(task);
    while (undo_of_.step()) journal.push_back({undo_of_.number(0), undo_of_.text(1), undo_of_.text(2)});
    return journal;
  }
  void clear_undo(std::string_view task) override { write(clear_undo_.with(task), Room::reserve); }

 private:
  void write(Statement& statement, Room room) {
    try {
      statement.step();
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::no_space || room != Room::reserve || !reserve_.release()) throw;
    }
    statement.step();
  }

  Reserve reserve_;
  DatabaseHandle database_;
  Statement load_;
  Statement put_;
  Statement erase_;
  Statement append_undo_;
  Statement undo_of_;
  Statement clear_undo_;
};

}  // namespace

std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& file) {
  DatabaseHandle database = open_database(file);
  migrate(database.get());
  return std::make_unique<SqliteStore>(file, std::move(database));
}

}  // namespace visor::store
