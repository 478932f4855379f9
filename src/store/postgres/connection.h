// PostgreSQL behind RAII: one connection in pipeline mode, its prepared statements, errors as Error.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/postgres/target.h"
#include "store/postgres/values.h"

struct pg_conn;

namespace polysync::store {

// One connection; one thread at a time. After an error of a statement the transaction is void until it is
// rolled back; after a lost connection there is nothing left but to open another one.
class PgConnection {
  public:
    // Time-outs, TLS and the rest as the connection string says; where it does not, what a production
    // database wants (a silent network is noticed within half a minute, only a primary will do). `stopping`
    // ends all waiting; it outlives the connection. Errors: invalid_input (address, database, password,
    // privileges), unsupported (older than PostgreSQL 13), transient (cannot be reached).
    [[nodiscard]] static Result<std::unique_ptr<PgConnection>> open(const PostgresTarget& target,
                                                                    const std::atomic<bool>& stopping);
    ~PgConnection();
    PgConnection(const PgConnection&) = delete;
    PgConnection& operator=(const PgConnection&) = delete;

    // Goes out with what follows; its error is that of the next fetch() or sync(). `sql` must be a literal or
    // otherwise live as long as the connection: it is prepared once.
    void post(const char* sql, const PgParams& params = {});
    // Waits for all that was posted and for this one's rows.
    [[nodiscard]] Result<PgRows> fetch(const char* sql, const PgParams& params = {});
    [[nodiscard]] Result<PgRows> fetch_once(const std::string& sql, const PgParams& params = {});
    [[nodiscard]] Status sync();
    // One or many statements without parameters or rows, outside the pipeline.
    [[nodiscard]] Status execute(const std::string& sql);

    // What another one on the network could do with it, for people; empty: nothing, or it is this machine.
    [[nodiscard]] std::string weakness() const;
    [[nodiscard]] bool is_lost() const { return lost_; }
    [[nodiscard]] bool in_transaction() const;
    [[nodiscard]] int socket() const;
    // Whether another process has notified us since the last call; payloads in order. Reads what has come.
    [[nodiscard]] Result<std::vector<std::string>> notifications();

  private:
    explicit PgConnection(pg_conn* handle, const std::atomic<bool>& stopping)
        : handle_(handle), stopping_(stopping) {}
    struct Sent {
        const char* prepares = nullptr;  // the text whose statement this makes; none: it runs one
    };
    void send(const char* sql, const PgParams& params);
    void note_failure(bool sent);
    [[nodiscard]] Status enter_pipeline();
    [[nodiscard]] Status leave_pipeline();
    [[nodiscard]] Result<PgRows> collect();
    [[nodiscard]] Status wait();
    [[nodiscard]] Error lost_error();

    pg_conn* handle_;
    const std::atomic<bool>& stopping_;
    std::unordered_map<const char*, std::string> statements_;
    std::deque<Sent> sent_;
    bool in_pipeline_ = false;
    bool lost_ = false;
    std::string lost_because_;
    int last_name_ = 0;
};

}  // namespace polysync::store
