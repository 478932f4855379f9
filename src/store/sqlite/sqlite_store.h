// The embedded store: one SQLite file, one writer thread with group commit, one reader thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "store/store.h"

namespace polysync::store {

struct SqliteOptions {
    std::string path;         // ":memory:" only together with run_inline
    bool run_inline = false;  // no threads: every unit runs and commits at once on the caller's (simulator,
                              // tests)
    std::function<SystemTime()> time;  // counts as a clock that several processes share, for the simulator;
                                       // may be empty
    // Called around every commit, on the writing thread; for the simulator's crashes and for tests. May be
    // empty.
    std::function<void()> before_commit, after_commit;
};

// Opens, migrates and takes the file for this process alone. Errors: invalid_input (path), transient (another
// process has it), unsupported (made by a newer program).
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(SqliteOptions options);

struct Restored {
    std::string replaced;       // where the store is that was there before; empty: there was none
    SystemTime newest_event{};  // of the backup: what came after it is not in it
};

// Puts a backup in the place of the store at `path`, whole or not at all. Everything in it is paused: what
// ran after the backup was made is not in it, and would run again. Errors: invalid_input (the backup is none,
// or damaged), unsupported (made by a newer program), transient (a process uses the store; the disk).
[[nodiscard]] Result<Restored> restore_sqlite_store(const std::string& backup, const std::string& path,
                                                    const std::string& actor, SystemTime now);

}  // namespace polysync::store
