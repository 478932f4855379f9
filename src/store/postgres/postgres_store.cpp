#include "store/postgres/postgres_store.h"

#include <array>
#include <mutex>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "store/moved.h"
#include "store/postgres/change_listener.h"
#include "store/postgres/migrations.h"
#include "store/postgres/partitions.h"
#include "store/postgres/reconnecting.h"
#include "store/postgres/transaction.h"
#include "store/shared_time.h"
#include "store/transfer.h"
#include "store/unit_queue.h"

namespace polysync::store {
namespace {

using Thread = UnitThread<PostgresTransaction>;
using PgUnit = Unit<PostgresTransaction>;
using Units = Thread::Units;

// What the units of one commit may come to.
enum class Fate {
    decided,  // each unit has its result
    undone,   // nothing is there
    lost,     // nothing is there, and the connection is lost
    unclear,
    again,  // nothing is there; with care each unit gets its own result
};

class PostgresStore final : public Store {
  public:
    explicit PostgresStore(PostgresOptions options)
        : options_(std::move(options)),
          name_(make_guid(system_random())),
          writer_(options_.target, stopping_),
          listener_(options_.target, name_, stopping_) {
        for (auto& reader : readers_) reader = std::make_unique<Reconnecting>(options_.target, stopping_);
    }
    ~PostgresStore() override {
        stopping_ = true;
        write_thread_.reset();
        for (auto& thread : read_threads_) thread.reset();
    }

    Status open() {
        POLYSYNC_TRY(auto* connection, writer_.get());
        if (auto weakness = connection->weakness(); !weakness.empty())
            log::warn("{}: add sslmode=verify-full to --store", weakness);
        POLYSYNC_TRY(migrate(*connection, options_.target.schema));
        POLYSYNC_TRY(prepare(*connection));
        POLYSYNC_TRY(auto moved, PostgresTransaction(*connection, nullptr).setting(moved_to_setting));
        if (moved) return moved_error(*moved);
        if (options_.run_inline) return success();
        write_thread_ = std::make_unique<Thread>([this](Units& units) { commit_all(units); });
        for (std::size_t i = 0; i < readers_.size(); ++i)
            read_threads_[i] =
                std::make_unique<Thread>([this, i](Units& units) { read_all(*readers_[i], units); });
        return success();
    }

    Async<Status> write(Work work, std::vector<RunId> reads) override {
        auto unit = std::make_shared<PgUnit>();
        unit->reads = std::move(reads);
        unit->work = [work = std::move(work)](PostgresTransaction& transaction) { return work(transaction); };
        if (!options_.run_inline) co_return co_await write_thread_->perform(std::move(unit));
        Units one{unit};
        commit_all(one);
        co_return std::move(*unit->result);
    }

    Async<Status> read(ReadWork work) override {
        auto unit = std::make_shared<PgUnit>();
        unit->work = [work = std::move(work)](PostgresTransaction& transaction) { return work(transaction); };
        if (!options_.run_inline)
            co_return co_await read_threads_[next_reader_++ % readers_.size()]->perform(std::move(unit));
        Units one{unit};
        read_all(*readers_.front(), one);
        co_return std::move(*unit->result);
    }

    Async<Status> backup(std::string path) override {
        auto unit = std::make_shared<PgUnit>();
        unit->work = [this, path = std::move(path)](PostgresTransaction&) -> Status {
            POLYSYNC_TRY(auto connection, PgConnection::open(options_.target, stopping_));
            return copy_to_sqlite(*connection, path);
        };
        return read_threads_.back()->perform(std::move(unit));
    }

    void listen(std::function<void(const Changes&)> listener) override {
        listener_.listen(std::move(listener));
    }

    std::optional<SystemTime> shared_now() const override { return time_.at(system_clock().steady_now()); }

    std::string trouble() const override {
        std::lock_guard lock(trouble_mutex_);
        return trouble_;
    }

  private:
    Status prepare(PgConnection& connection) {
        return under_write_lock(connection, options_.target.schema, [&]() -> Status {
            POLYSYNC_TRY(make_partitions(connection));
            auto asked = system_clock().steady_now();
            POLYSYNC_TRY(auto time, PostgresTransaction(connection, nullptr).shared_time({}));
            time_.note(time, asked, system_clock().steady_now());
            // Of processes that are long gone.
            POLYSYNC_TRY(connection.fetch("DELETE FROM writer WHERE at < now() - interval '7 days'"));
            return success();
        });
    }

    void commit_all(Units& units) {
        Status done = success();
        // Savepoints cost more than what they save from, and so do answers to what is nearly always true.
        bool careful = false;
        for (int losses = 0;;) {
            auto fate = try_commit(units, careful, done);
            if (fate == Fate::unclear) fate = look_up(units, done);
            if (fate == Fate::again) {
                careful = true;
                continue;
            }
            if (fate == Fate::lost && losses++ == 0) continue;  // nothing of it is there: once more
            if (fate != Fate::decided)
                for (auto& unit : units) unit->result = done;
            break;
        }
        note_trouble(units, done);
    }

    // All units in one transaction, under the write lock. Where one fails, each has to be undone alone, and
    // nothing taken for granted: that is for a careful second time.
    Fate try_commit(Units& units, bool careful, Status& done) {
        auto opened = writer_.get();
        if (!opened) {
            done = opened.error();
            return Fate::undone;
        }
        PgConnection& connection = *opened.value();
        PgJournal journal;
        journal.assumes = !careful;
        done = begin(connection, journal);
        if (done && !careful) done = read_ahead(connection, journal, units);
        if (!done) return undo(connection);
        for (auto& unit : units) {
            if (careful) {
                done = run_in_savepoint(connection, journal, *unit);
                if (!done) return undo(connection);
                continue;
            }
            PostgresTransaction transaction(connection, &journal);
            unit->result = unit->work(transaction);
            if (*unit->result) {
                transaction.flush_some();
                continue;
            }
            if (connection.is_lost()) done = *unit->result;
            auto fate = undo(connection);
            if (fate == Fate::lost) return fate;
            return units.size() > 1 || journal.has_assumed ? Fate::again : Fate::decided;
        }
        return commit(connection, journal, (units.size() > 1 && !careful) || journal.has_assumed, done);
    }

    Fate commit(PgConnection& connection, PgJournal& journal, bool may_repeat, Status& done) {
        PostgresTransaction(connection, &journal).flush();
        bool has_written = journal.has_written;
        if (has_written) {
            if (options_.before_commit) options_.before_commit();
            ++commits_;
            post_marks(connection, journal);
        }
        done = end(connection, "COMMIT");
        if (done) return Fate::decided;
        if (connection.is_lost()) return has_written ? Fate::unclear : Fate::lost;
        auto fate = undo(connection);
        return fate == Fate::undone && may_repeat ? Fate::again : fate;
    }

    static Status end(PgConnection& connection, const char* how) {
        POLYSYNC_TRY(auto rows, connection.fetch(how));
        if (rows.command() == how) return success();
        return make_error(ErrorKind::internal, "store_error", "PostgreSQL has rolled the transaction back");
    }

    Fate undo(PgConnection& connection) {
        if (connection.is_lost()) return Fate::lost;
        [[maybe_unused]] auto rest = connection.sync();  // whatever it says is void
        // Where even this fails the connection is of no use any more.
        if (!end(connection, "ROLLBACK")) writer_.drop();
        return Fate::undone;
    }

    Status begin(PgConnection& connection, PgJournal& journal) {
        auto asked = system_clock().steady_now();
        connection.post("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        connection.post(write_lock, write_lock_of(options_.target.schema));
        POLYSYNC_TRY(
            auto rows,
            connection.fetch(
                "SELECT last_run, last_history, last_event, last_audit, oldest_writer, (extract(epoch FROM "
                "clock_timestamp()) * 1000)::bigint, (SELECT value::bigint FROM setting WHERE name = "
                "'definitions_version') FROM store_state"));
        auto row = rows.front();
        if (row.integer(4) > newest_postgres_version())
            return make_error(
                ErrorKind::unsupported, "newer_schema",
                "another node has brought the database to a schema that this program does not know",
                "Upgrade this node to the version of the others.");
        time_.note(row.time(5), asked, system_clock().steady_now());
        journal.at = options_.time ? options_.time() : row.time(5);
        journal.definitions_version = row.is_null(6) ? 0 : row.integer(6);
        journal.last_run = row.integer(0);
        journal.last_history = row.integer(1);
        journal.last_event = row.integer(2);
        journal.last_audit = row.integer(3);
        return success();
    }

    // What the units will read, in one statement for all.
    static Status read_ahead(PgConnection& connection, PgJournal& journal, const Units& units) {
        std::vector<RunId> ids;
        for (const auto& unit : units) ids.insert(ids.end(), unit->reads.begin(), unit->reads.end());
        POLYSYNC_TRY(auto found, PostgresTransaction(connection, &journal).runs(ids));
        for (auto& run : found) journal.known.try_emplace(run.id, std::move(run));
        return success();
    }

    static Error lost() {
        return make_error(ErrorKind::transient, "store_unreachable", "the connection to PostgreSQL is lost");
    }

    static Status roll_back(PgConnection& connection, const char* how) {
        [[maybe_unused]] auto failed = connection.sync();
        POLYSYNC_TRY(connection.fetch(how));
        return success();
    }

    // An error of the unit is its result; an error of the transaction as a whole is returned.
    static Status run_in_savepoint(PgConnection& connection, PgJournal& journal, PgUnit& unit) {
        PgJournal before = journal;
        connection.post("SAVEPOINT unit");
        PostgresTransaction transaction(connection, &journal);
        unit.result = unit.work(transaction);
        if (*unit.result) {
            transaction.flush();
            auto sent = connection.sync();
            if (!sent) unit.result = sent;
        }
        if (connection.is_lost()) return lost();
        if (*unit.result) {
            connection.post("RELEASE unit");
            return success();
        }
        journal = std::move(before);
        return roll_back(connection, "ROLLBACK TO unit");
    }

    void post_marks(PgConnection& connection, const PgJournal& journal) {
        PgParams numbers;
        numbers.bind(journal.last_run)
            .bind(journal.last_history)
            .bind(journal.last_event)
            .bind(journal.last_audit);
        connection.post(
            "UPDATE store_state SET last_run = $1, last_history = $2, last_event = $3, last_audit = $4",
            numbers);
        PgParams mark;
        mark.bind(name_).bind(commits_);
        connection.post(
            "INSERT INTO writer VALUES($1, $2) ON CONFLICT(name) DO UPDATE SET last = excluded.last, at = "
            "now()",
            mark);
        auto words = changes_text(journal.changes);
        if (words.empty()) return;
        auto payload = name_ + ' ' + words;
        PgParams notice;
        notice.bind(options_.target.schema).bind(payload);
        connection.post("SELECT pg_notify($1, $2)", notice);
    }

    // The commit was sent, and no answer came. Whoever holds the write lock now does so after it, whatever
    // became of it.
    Fate look_up(Units& units, Status& done) {
        log::warn("what became of a commit of {} units is being looked up: {}", units.size(),
                  done.error().message);
        while (true) {
            auto mark = last_commit();
            if (mark) {
                if (mark.value() < commits_) return Fate::lost;
                done = success();
                return Fate::decided;
            }
            set_trouble(mark.error().describe());
            if (write_thread_) write_thread_->refuse_waiting(mark.error());
            if (!stopping_) continue;
            done = make_error(ErrorKind::unclear, "store_unclear",
                              "whether PostgreSQL has taken the last commit is not known");
            return Fate::unclear;
        }
    }

    Result<std::int64_t> last_commit() {
        POLYSYNC_TRY(auto* connection, writer_.get());
        connection->post("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        connection->post(write_lock, write_lock_of(options_.target.schema));
        PgParams name;
        name.bind(name_);
        auto rows = connection->fetch("SELECT last FROM writer WHERE name = $1", name);
        auto ended = connection->is_lost() ? Status(lost()) : end(*connection, "ROLLBACK");
        if (!ended) writer_.drop();
        if (!rows) return rows.error();
        return rows.value().empty() ? 0 : rows.value().front().integer(0);
    }

    void note_trouble(const Units& units, const Status& done) {
        const Error* error = done ? trouble_of(units) : &done.error();
        set_trouble(error ? error->describe() : std::string());
    }

    void set_trouble(std::string text) {
        std::lock_guard lock(trouble_mutex_);
        trouble_ = std::move(text);
    }

    // All of them see one state, not older than any of them.
    void read_all(Reconnecting& reader, Units& units) {
        for (int attempt = 0; attempt < 2; ++attempt) {
            auto opened = reader.get();
            if (!opened) {
                for (auto& unit : units) unit->result = opened.error();
                return;
            }
            if (read_with(*opened.value(), units)) return;
        }
    }

    // False where the connection was lost.
    bool read_with(PgConnection& connection, Units& units) {
        bool begun = false;
        for (auto& unit : units) {
            if (!begun) connection.post("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            begun = true;
            PostgresTransaction transaction(connection, nullptr, options_.time);
            unit->result = unit->work(transaction);
            if (connection.is_lost()) return false;
            if (*unit->result) continue;
            // Its transaction may be void.
            if (!roll_back(connection, "ROLLBACK")) return !connection.is_lost();
            begun = false;
        }
        if (begun) [[maybe_unused]]
            auto ended = connection.fetch("COMMIT");
        return true;
    }

    PostgresOptions options_;
    std::string name_;  // of this process, in `writer` and in notices
    std::int64_t commits_ = 0;
    SharedTime time_;
    std::atomic<bool> stopping_ = false;
    Reconnecting writer_;
    std::array<std::unique_ptr<Reconnecting>, 2> readers_;
    std::atomic<std::size_t> next_reader_ = 0;
    mutable std::mutex trouble_mutex_;
    std::string trouble_;
    ChangeListener listener_;
    std::unique_ptr<Thread> write_thread_;
    std::array<std::unique_ptr<Thread>, 2> read_threads_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_postgres_store(PostgresOptions options) {
    auto store = std::make_unique<PostgresStore>(std::move(options));
    POLYSYNC_TRY(store->open());
    return std::unique_ptr<Store>(std::move(store));
}

}  // namespace polysync::store
