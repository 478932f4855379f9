#include "app/store_choice.h"

#include <fmt/format.h>

#include "app/state_folder.h"
#include "aws/config/environment.h"
#include "aws/config/secret_reference.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"

namespace polysync::app {
namespace {

Status check_reference(const std::string& text) {
    if (text.starts_with("env://") || text.starts_with("file://")) return success();
    register_secret(text);
    return make_error(ErrorKind::invalid_input, "invalid_store",
                      "--store-password holds a password, which everybody on this machine can read",
                      "Name where it is: env://NAME or file:///PATH.");
}

}  // namespace

std::string StoreChoice::text() const {
    if (const auto* file = std::get_if<SqliteFile>(&place)) return file->path;
    const auto& target = std::get<store::PostgresTarget>(place);
    return fmt::format("{} (schema {})", target.conninfo, target.schema);
}

Result<StoreChoice> parse_store(const std::string& text, const std::string& password_reference) {
    bool is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if (!is_postgres && !password_reference.empty())
        return make_error(ErrorKind::invalid_input, "invalid_store",
                          "--store-password is for PostgreSQL, and --store names none",
                          "Leave it out, or give --store postgres://….");
    if (is_postgres) {
        POLYSYNC_TRY(auto target, store::parse_postgres_url(text));
        if (!password_reference.empty()) {
            POLYSYNC_TRY(check_reference(password_reference));
            POLYSYNC_TRY(target.password, aws::resolve_secret(password_reference, "--store-password",
                                                              aws::system_environment()));
        }
        return StoreChoice{std::move(target)};
    }
    constexpr std::string_view scheme = "sqlite://";
    if (text.empty()) return StoreChoice{SqliteFile{state_folder() + "/polysync.db"}};
    // The path is absolute, so that it does not depend on where the server is started.
    bool good = text.starts_with(scheme) && text.size() > scheme.size() + 1 && text[scheme.size()] == '/' &&
                text.back() != '/';
    if (good) return StoreChoice{SqliteFile{text.substr(text.find_first_not_of('/', scheme.size()) - 1)}};
    return make_error(
        ErrorKind::invalid_input, "invalid_store",
        fmt::format("--store {} names no SQLite file and no PostgreSQL database", redact(text)),
        "Write sqlite:// and an absolute path, for instance sqlite:///var/lib/polysync/polysync.db, "
        "or postgres://USER@HOST/DATABASE.");
}

Result<std::unique_ptr<store::Store>> open_store(const StoreChoice& choice) {
    if (const auto* file = std::get_if<SqliteFile>(&choice.place)) {
        store::SqliteOptions options;
        options.path = file->path;
        return store::open_sqlite_store(std::move(options));
    }
    return store::open_postgres_store({.target = std::get<store::PostgresTarget>(choice.place)});
}

}  // namespace polysync::app
