// What this machine knows of submission tokens. AWS keeps no token for Glue and Batch, and its lists show a
// new run only after a while; so the time of the call is put down before it is made, and the run id after it.
// A repeated token then finds its run even where AWS cannot show it yet (SAFE-1). Holds no parameters and no
// secrets.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace polysync::cli {

struct JournalEntry {
    SystemTime called_at{};
    std::string run_id;             // empty: the outcome of the call is not known
    std::string platform{}, job{};  // what was asked for; empty in records of older versions
};

class Journal {
  public:
    // Held while a submission is under way; no other process gets the same token's lock meanwhile.
    class Lock {
      public:
        virtual ~Lock() = default;
    };

    virtual ~Journal() = default;
    // Null where another process holds it.
    [[nodiscard]] virtual Result<std::unique_ptr<Lock>> try_lock(const std::string& token) = 0;
    [[nodiscard]] virtual Result<std::optional<JournalEntry>> read(const std::string& token) = 0;
    // On disk when it returns.
    [[nodiscard]] virtual Status write(const std::string& token, const JournalEntry& entry) = 0;
    // The call is known to have started nothing.
    virtual void forget(const std::string& token) = 0;
};

// One small file per token below `folder`, which is made on first use; files older than 14 days are removed.
[[nodiscard]] std::unique_ptr<Journal> make_file_journal(std::string folder);

}  // namespace polysync::cli
