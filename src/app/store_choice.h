// What `--store` names.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "base/result.h"
#include "cli/invocation.h"
#include "store/postgres/target.h"
#include "store/store.h"

namespace polysync::app {

struct SqliteFile {
    std::string path;
};

struct StoreChoice {
    std::variant<SqliteFile, store::PostgresTarget> place;
    // For people; holds no secret.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_shared() const { return std::holds_alternative<store::PostgresTarget>(place); }
};

// sqlite:///PATH, postgres://…, or nothing: a file in the state folder. `password_reference`: env://NAME or
// file:///PATH, for PostgreSQL. Errors: invalid_input.
[[nodiscard]] Result<StoreChoice> parse_store(const std::string& text, const std::string& password_reference);

// Errors: those of the stores.
[[nodiscard]] Result<std::unique_ptr<store::Store>> open_store(const StoreChoice& choice);

}  // namespace polysync::app
