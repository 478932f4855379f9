#include "store/sqlite/sqlite_store.h"

#include <algorithm>
#include <mutex>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "store/moved.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/process_lock.h"
#include "store/sqlite/transaction.h"
#include "store/unit_queue.h"

namespace polysync::store {
namespace {

using Worker = UnitThread<SqliteTransaction>;
using SqliteUnit = Unit<SqliteTransaction>;
using UnitPtr = Worker::UnitPtr;

class SqliteStore final : public Store {
  public:
    SqliteStore(SqliteOptions options, FileLock lock, std::unique_ptr<Database> writer,
                std::unique_ptr<Database> reader, Counters counters)
        : options_(std::move(options)),
          lock_(std::move(lock)),
          writer_(std::move(writer)),
          reader_(std::move(reader)),
          counters_(counters) {
        if (options_.run_inline) return;
        write_worker_ = std::make_unique<Worker>([this](std::vector<UnitPtr>& units) { commit_all(units); });
        read_worker_ = std::make_unique<Worker>([this](std::vector<UnitPtr>& units) { read_all(units); });
    }
    ~SqliteStore() override {
        read_worker_.reset();
        write_worker_.reset();
    }

    Async<Status> write(Work work, std::vector<RunId>) override {
        auto unit = std::make_shared<SqliteUnit>();
        unit->work = [work = std::move(work)](SqliteTransaction& transaction) { return work(transaction); };
        return perform(write_worker_.get(), std::move(unit), true);
    }

    Async<Status> read(ReadWork work) override {
        auto unit = std::make_shared<SqliteUnit>();
        unit->work = [work = std::move(work)](SqliteTransaction& transaction) { return work(transaction); };
        return perform(read_worker_.get(), std::move(unit), false);
    }

    std::string trouble() const override {
        std::lock_guard lock(trouble_mutex_);
        return trouble_;
    }

    Async<Status> backup(std::string path) override {
        auto unit = std::make_shared<SqliteUnit>();
        unit->work = [this, path = std::move(path)](SqliteTransaction&) { return copy_to(path); };
        return perform(read_worker_.get(), std::move(unit), false);
    }

  private:
    Async<Status> perform(Worker* worker, UnitPtr unit, bool writes) {
        if (worker) co_return co_await worker->perform(std::move(unit));
        std::vector<UnitPtr> one{unit};
        writes ? commit_all(one) : read_all(one);
        co_return std::move(*unit->result);
    }

    // All units in one transaction, each undone alone if it fails; one fsync for all.
    void commit_all(std::vector<UnitPtr>& units) {
        auto before = counters_;
        auto changes_before = sqlite3_total_changes64(writer_->handle());
        auto done = writer_->run("BEGIN IMMEDIATE");
        if (done) done = run_all(units, before);
        bool commits = done && writer_->in_transaction();
        if (commits) {
            if (options_.before_commit) options_.before_commit();
            done = writer_->run("COMMIT");
            if (done && options_.after_commit) options_.after_commit();
        }
        bool has_written = commits && sqlite3_total_changes64(writer_->handle()) != changes_before;
        note_trouble(units, done, has_written);
        if (done) return;
        undo_all(before);
        for (auto& unit : units) unit->result = done;  // nothing of any of them is there
    }

    // Savepoints cost more than what they save from: few units fail, and units may run again.
    Status run_all(std::vector<UnitPtr>& units, const Counters& before) {
        bool failed = false;
        for (auto& unit : units) {
            SqliteTransaction transaction(*writer_, &counters_, options_.time);
            unit->result = unit->work(transaction);
            failed = !*unit->result;
            if (failed) break;
        }
        if (!failed) return success();
        if (!writer_->in_transaction()) return *failed_of(units)->result;  // SQLite gave up on all of it
        undo_all(before);
        if (units.size() == 1) return success();  // its error is its result
        POLYSYNC_TRY(writer_->run("BEGIN IMMEDIATE"));
        for (auto& unit : units) {
            POLYSYNC_TRY(run_in_savepoint(*unit));
        }
        return success();
    }

    static const UnitPtr& failed_of(const std::vector<UnitPtr>& units) {
        return *std::find_if(units.begin(), units.end(),
                             [](const UnitPtr& unit) { return unit->result && !*unit->result; });
    }

    void undo_all(const Counters& before) {
        if (writer_->in_transaction()) [[maybe_unused]]
            auto undone = writer_->execute("ROLLBACK");
        counters_ = before;
    }

    // A commit that had nothing to write says nothing about the disk.
    void note_trouble(const std::vector<UnitPtr>& units, const Status& done, bool has_written) {
        const Error* error = done ? trouble_of(units) : &done.error();
        if (!error && !has_written) return;
        std::lock_guard lock(trouble_mutex_);
        trouble_ = error ? error->describe() : std::string();
    }

    // An error of the unit is its result; an error of the transaction as a whole is returned.
    Status run_in_savepoint(SqliteUnit& unit) {
        POLYSYNC_TRY(writer_->run("SAVEPOINT unit"));
        auto before = counters_;
        SqliteTransaction transaction(*writer_, &counters_, options_.time);
        unit.result = unit.work(transaction);
        if (*unit.result) return writer_->run("RELEASE unit");
        counters_ = before;
        if (!writer_->in_transaction()) return *unit.result;  // SQLite gave up on all of it
        return writer_->execute("ROLLBACK TO unit; RELEASE unit");
    }

    void read_all(std::vector<UnitPtr>& units) {
        Database& database = reader_ ? *reader_ : *writer_;
        for (auto& unit : units) {
            auto begun = database.run("BEGIN");
            if (!begun) {
                unit->result = begun;
                continue;
            }
            SqliteTransaction transaction(database, nullptr, options_.time);
            unit->result = unit->work(transaction);
            if (database.in_transaction()) [[maybe_unused]]
                auto ended = database.run("COMMIT");
        }
    }

    Status copy_to(const std::string& path) {
        if (::access(path.c_str(), F_OK) == 0)
            return make_error(ErrorKind::invalid_input, "backup_exists",
                              fmt::format("{} exists already", path), "Name a new file.");
        Database& database = reader_ ? *reader_ : *writer_;
        if (database.in_transaction()) {
            POLYSYNC_TRY(database.execute("COMMIT"));
        }
        POLYSYNC_TRY(auto target, Database::open(path, false));
        sqlite3_backup* copy = sqlite3_backup_init(target->handle(), "main", database.handle(), "main");
        if (!copy) return target->last_error(sqlite3_errcode(target->handle()));
        int code = sqlite3_backup_step(copy, -1);
        sqlite3_backup_finish(copy);
        if (code != SQLITE_DONE) return target->last_error(code);
        return target->execute("PRAGMA journal_mode=DELETE");  // one file, nothing beside it
    }

    SqliteOptions options_;
    FileLock lock_;
    std::unique_ptr<Database> writer_, reader_;
    Counters counters_;
    mutable std::mutex trouble_mutex_;
    std::string trouble_;
    std::unique_ptr<Worker> write_worker_, read_worker_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(SqliteOptions options) {
    bool in_memory = options.path == ":memory:";
    if (in_memory && !options.run_inline)
        return make_error(ErrorKind::invalid_input, "store_path", "an in-memory store runs inline only");
    FileLock lock;
    struct stat about {};
    if (!in_memory && ::stat(options.path.c_str(), &about) == 0 && !S_ISREG(about.st_mode))
        return make_error(ErrorKind::invalid_input, "store_path",
                          fmt::format("{} is no regular file", options.path), "Name a file.");
    if (!in_memory) {
        POLYSYNC_TRY(lock, take_store(options.path));
    }
    POLYSYNC_TRY(auto writer, Database::open(options.path, false));
    // SQLite opens a file that may not be written all the same.
    if (sqlite3_db_readonly(writer->handle(), "main") == 1)
        return make_error(ErrorKind::invalid_input, "store_read_only",
                          fmt::format("{} cannot be written", options.path),
                          "Check the file's permissions, and how its file system is mounted.");
    POLYSYNC_TRY(int version, schema_version(*writer));
    POLYSYNC_TRY(migrate(*writer));
    if (version < newest_schema_version()) {
        POLYSYNC_TRY(recount(*writer));
    }
    POLYSYNC_TRY(auto counters, read_counters(*writer));
    POLYSYNC_TRY(auto moved, SqliteTransaction(*writer, &counters).setting(moved_to_setting));
    if (moved) return moved_error(*moved);
    std::unique_ptr<Database> reader;
    if (!options.run_inline) {
        POLYSYNC_TRY(reader, Database::open(options.path, true));
    }
    return std::unique_ptr<Store>(std::make_unique<SqliteStore>(
        std::move(options), std::move(lock), std::move(writer), std::move(reader), counters));
}

}  // namespace polysync::store
