// Which database a store is in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace polysync::store {

// Where a store is. The text never holds a password.
struct PostgresTarget {
    std::string conninfo;             // as libpq takes it
    std::string schema = "polysync";  // all tables are in it
    std::optional<Secret> password;   // else libpq's own ways: PGPASSWORD, passfile, service file
};

// postgres://[user@]host[:port][,…]/database[?sslmode=…&schema=NAME], as libpq reads it, but for `schema`.
// Errors: invalid_input, also where a password stands in it: command lines are read by others.
[[nodiscard]] Result<PostgresTarget> parse_postgres_url(std::string_view text);

}  // namespace polysync::store
