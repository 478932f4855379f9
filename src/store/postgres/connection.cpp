#include "store/postgres/connection.h"

#include <chrono>
#include <libpq-fe.h>
#include <poll.h>

#include <fmt/format.h>

namespace polysync::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

// The server gives up a statement after 30 s; one that says nothing at all is given up somewhat later.
constexpr auto longest_silence = std::chrono::seconds(45);
constexpr int wait_slice_ms = 200;  // how soon a stop is seen
constexpr int oldest_server = 130000;

// What stands before the user's own words, and so gives way to them.
constexpr std::pair<const char*, const char*> defaults[] = {{"fallback_application_name", "polysync"},
                                                            {"connect_timeout", "10"},
                                                            {"keepalives_idle", "10"},
                                                            {"keepalives_interval", "5"},
                                                            {"keepalives_count", "3"},
                                                            {"tcp_user_timeout", "25000"},
                                                            {"target_session_attrs", "read-write"},
                                                            {"client_encoding", "UTF8"}};

struct Known {
    std::string_view state;  // SQLSTATE, or the beginning of one
    ErrorKind kind;
    std::string_view code, remedy;
};

// libpq has no SQLSTATE for it.
constexpr std::string_view untrusted = "certificate";

// The first that fits; the more special ones stand first.
constexpr Known known[] = {
    {"28", ErrorKind::invalid_input, "store_login",
     "Check user and password of --store, and pg_hba.conf on the server."},
    {untrusted, ErrorKind::invalid_input, "store_certificate",
     "Name the file of the authority that vouches for PostgreSQL's certificate, sslrootcert=/PATH in --store "
     "(public ones: /etc/ssl/certs/ca-certificates.crt), and the host as the certificate does."},
    {"3D", ErrorKind::invalid_input, "store_no_database", "Create the database: createdb NAME."},
    {"42501", ErrorKind::invalid_input, "store_privileges",
     "Polysync's user needs CREATE on the database, or a schema of its own: CREATE SCHEMA polysync "
     "AUTHORIZATION …"},
    {"53100", ErrorKind::transient, "store_full",
     "The disk of PostgreSQL is full: free some space; work goes on by itself."},
    {"53300", ErrorKind::transient, "store_connections",
     "PostgreSQL has no connection left: a node takes 4; raise max_connections."},
    {"53", ErrorKind::transient, "store_resources", "PostgreSQL lacks memory or disk: see its log."},
    {"25006", ErrorKind::transient, "store_read_only",
     "This PostgreSQL is a standby: name the primary, or all hosts."},
    {"57014", ErrorKind::transient, "store_timeout",
     "PostgreSQL takes too long: look at its load and its locks."},
    {"55P03", ErrorKind::transient, "store_locked",
     "Something else locks Polysync's tables: see pg_stat_activity."},
    {"40", ErrorKind::transient, "store_conflict", ""},
    {"57P", ErrorKind::transient, "store_unreachable",
     "PostgreSQL restarts or stops; work goes on by itself."},
    {"08", ErrorKind::transient, "store_unreachable", "Check that PostgreSQL runs and can be reached."},
    {"58", ErrorKind::transient, "store_io", "PostgreSQL's disk refuses: see its log."},
    {"XX", ErrorKind::transient, "store_damaged", "PostgreSQL reports damage: see its log."}};

std::string first_line(const char* text) {
    std::string_view all = text ? text : "";
    auto end = all.find('\n');
    return std::string(all.substr(0, end));
}

Error error_of(std::string_view state, std::string message) {
    for (const auto& one : known)
        if (state.starts_with(one.state))
            return make_error(one.kind, std::string(one.code), redact(message), std::string(one.remedy));
    return make_error(ErrorKind::internal, "store_error", redact(fmt::format("{} ({})", message, state)));
}

Error error_of(const PGresult* result) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return error_of(state ? state : "08000", primary ? primary : first_line(PQresultErrorMessage(result)));
}

// libpq gives no SQLSTATE of a connection that did not come about; the server's words are its own.
Error connect_error(PGconn* handle) {
    std::string message = handle ? PQerrorMessage(handle) : "out of memory";
    while (!message.empty() && message.back() == '\n') message.pop_back();
    for (auto& c : message)
        if (c == '\n' || c == '\t') c = ' ';
    std::string_view state = "08001";
    if (message.find("password") != std::string::npos ||
        message.find("authentication") != std::string::npos ||
        message.find("pg_hba.conf") != std::string::npos ||
        (message.find("role \"") != std::string::npos && message.find("does not exist") != std::string::npos))
        state = "28000";
    else if (message.find("database \"") != std::string::npos &&
             message.find("does not exist") != std::string::npos)
        state = "3D000";
    else if (message.find("certificate") != std::string::npos)
        state = untrusted;
    return error_of(state, "PostgreSQL: " + message);
}

}  // namespace

Result<std::unique_ptr<PgConnection>> PgConnection::open(const PostgresTarget& target,
                                                         const std::atomic<bool>& stopping) {
    std::vector<const char*> names, values;
    for (const auto& [name, value] : defaults) {
        names.push_back(name);
        values.push_back(value);
    }
    names.push_back("dbname");
    values.push_back(target.conninfo.c_str());
    if (target.password) {
        names.push_back("password");
        values.push_back(target.password->reveal().c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    PGconn* handle = PQconnectdbParams(names.data(), values.data(), 1);
    std::unique_ptr<PgConnection> connection(new PgConnection(handle, stopping));
    if (!handle || PQstatus(handle) != CONNECTION_OK) return connect_error(handle);
    PQsetNoticeProcessor(
        handle, [](void*, const char*) {}, nullptr);
    if (PQserverVersion(handle) < oldest_server)
        return make_error(ErrorKind::unsupported, "store_version",
                          fmt::format("PostgreSQL {} is too old", PQserverVersion(handle) / 10000),
                          "Polysync needs PostgreSQL 13 or newer.");
    // Each statement has its index: a new table's missing statistics shall not lead to another way, and none
    // is planned twice. Who holds the write lock and falls silent lets it go: a node that stands still stops
    // no other for long. Durability is not the database's to leave out: SAFE-1 rests on it.
    POLYSYNC_TRY(connection->execute(fmt::format(
        "SET search_path TO \"{}\", pg_catalog; SET statement_timeout = '30s'; SET lock_timeout = '20s'; "
        "SET idle_in_transaction_session_timeout = '10s'; SET default_transaction_deferrable = off; SET "
        "enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET "
        "plan_cache_mode = force_generic_plan; "
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = "
        "'off'",
        target.schema)));
    return connection;
}

PgConnection::~PgConnection() {
    if (handle_) PQfinish(handle_);
}

Status PgConnection::execute(const std::string& sql) {
    POLYSYNC_TRY(leave_pipeline());
    PGresult* result = PQexec(handle_, sql.c_str());
    auto state = PQresultStatus(result);
    Status out = success();
    if (state != PGRES_COMMAND_OK && state != PGRES_TUPLES_OK) out = error_of(result);
    PQclear(result);
    if (PQstatus(handle_) != CONNECTION_OK) lost_ = true;
    return out;
}

Status PgConnection::enter_pipeline() {
    if (lost_) return lost_error();
    if (in_pipeline_) return success();
    if (PQsetnonblocking(handle_, 1) != 0 || PQenterPipelineMode(handle_) != 1) {
        lost_ = true;
        return lost_error();
    }
    in_pipeline_ = true;
    return success();
}

Status PgConnection::leave_pipeline() {
    if (lost_) return lost_error();
    if (!in_pipeline_) return success();
    if (!sent_.empty()) {
        POLYSYNC_TRY(sync());
    }
    if (PQexitPipelineMode(handle_) != 1 || PQsetnonblocking(handle_, 0) != 0) {
        lost_ = true;
        return lost_error();
    }
    in_pipeline_ = false;
    return success();
}

void PgConnection::send(const char* sql, const PgParams& params) {
    auto [entry, is_new] = statements_.try_emplace(sql);
    if (is_new) {
        entry->second = fmt::format("p{}", ++last_name_);
        note_failure(PQsendPrepare(handle_, entry->second.c_str(), sql, 0, nullptr) == 1);
        sent_.push_back({.prepares = sql});
    }
    note_failure(PQsendQueryPrepared(handle_, entry->second.c_str(), int(params.values_.size()),
                                     params.values_.data(), params.lengths_.data(), params.formats_.data(),
                                     1) == 1);
    sent_.push_back({});
}

void PgConnection::note_failure(bool sent) {
    if (sent || lost_) return;
    lost_ = true;
    lost_because_ = PQerrorMessage(handle_);
}

void PgConnection::post(const char* sql, const PgParams& params) {
    if (!enter_pipeline()) return;  // the next fetch says so
    send(sql, params);
}

Result<PgRows> PgConnection::fetch(const char* sql, const PgParams& params) {
    POLYSYNC_TRY(enter_pipeline());
    send(sql, params);
    return collect();
}

Result<PgRows> PgConnection::fetch_once(const std::string& sql, const PgParams& params) {
    POLYSYNC_TRY(enter_pipeline());
    note_failure(PQsendQueryParams(handle_, sql.c_str(), int(params.values_.size()), nullptr,
                                   params.values_.data(), params.lengths_.data(), params.formats_.data(),
                                   1) == 1);
    sent_.push_back({});
    return collect();
}

Status PgConnection::sync() {
    POLYSYNC_TRY(enter_pipeline());
    if (sent_.empty()) return success();
    auto done = collect();
    return done ? success() : Status(done.error());
}

// The results of all that was sent, up to a sync point; the last one's rows, or the first error.
Result<PgRows> PgConnection::collect() {
    if (!lost_) note_failure(PQpipelineSync(handle_) == 1);
    if (lost_) return lost_error();
    std::optional<Error> error;
    PgRows rows;
    while (true) {
        POLYSYNC_TRY(wait());
        PGresult* result = PQgetResult(handle_);
        if (!result) {
            if (PQstatus(handle_) != CONNECTION_OK) {
                lost_ = true;
                return error && error->kind == ErrorKind::transient ? *error : lost_error();
            }
            continue;  // the end of one statement's results
        }
        PgRows taken(result);
        auto status = PQresultStatus(result);
        if (status == PGRES_PIPELINE_SYNC) break;
        Sent what = sent_.empty() ? Sent{} : sent_.front();
        if (!sent_.empty()) sent_.pop_front();
        bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (!good && what.prepares) statements_.erase(what.prepares);
        if (status == PGRES_FATAL_ERROR && !error) error = error_of(result);
        if (good) rows = std::move(taken);
    }
    sent_.clear();
    if (error) return *error;
    return rows;
}

// Until the next result is there; sends what is still to be sent meanwhile.
Status PgConnection::wait() {
    auto until = SteadyClock::now() + longest_silence;
    while (true) {
        int unsent = PQflush(handle_);
        if (unsent < 0) break;
        if (unsent == 0 && PQisBusy(handle_) == 0) return success();
        pollfd waiting{.fd = PQsocket(handle_), .events = short(unsent ? POLLIN | POLLOUT : POLLIN)};
        int ready = ::poll(&waiting, 1, wait_slice_ms);
        if (ready > 0 && (waiting.revents & (POLLIN | POLLHUP | POLLERR)) && PQconsumeInput(handle_) != 1) {
            // What the server said last, before it closed, is still to be read.
            if (PQisBusy(handle_) == 0) return success();
            break;
        }
        if (ready == 0 && stopping_) {
            lost_because_ = "the program stops";
            break;
        }
        if (SteadyClock::now() > until) {
            lost_because_ = "PostgreSQL has said nothing for 45 s";
            break;
        }
    }
    lost_ = true;
    return lost_error();
}

Error PgConnection::lost_error() {
    std::string why = lost_because_.empty() ? first_line(PQerrorMessage(handle_)) : lost_because_;
    return error_of("08006", "the connection to PostgreSQL is lost" + (why.empty() ? "" : ": " + why));
}

std::string PgConnection::weakness() const {
    std::string_view host = PQhost(handle_) ? PQhost(handle_) : "";
    bool is_local = host.empty() || host[0] == '/' || host[0] == '@' || host == "localhost" ||
                    host == "::1" || host.starts_with("127.");
    if (is_local || PQgssEncInUse(handle_) != 0) return {};
    if (PQsslInUse(handle_) == 0)
        return fmt::format("the connection to PostgreSQL on {} is not encrypted", host);
    std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(handle_), PQconninfoFree);
    for (auto* option = options.get(); option && option->keyword; ++option)
        if (std::string_view(option->keyword) == "sslmode" && option->val &&
            std::string_view(option->val) == "verify-full")
            return {};
    return fmt::format("that PostgreSQL on {} is the right one is not checked", host);
}

bool PgConnection::in_transaction() const {
    auto state = PQtransactionStatus(handle_);
    return state == PQTRANS_INTRANS || state == PQTRANS_INERROR || state == PQTRANS_ACTIVE;
}

int PgConnection::socket() const { return PQsocket(handle_); }

Result<std::vector<std::string>> PgConnection::notifications() {
    if (PQconsumeInput(handle_) != 1) {
        lost_ = true;
        return lost_error();
    }
    std::vector<std::string> out;
    while (PGnotify* one = PQnotifies(handle_)) {
        out.emplace_back(one->extra);
        PQfreemem(one);
    }
    return out;
}

}  // namespace polysync::store
