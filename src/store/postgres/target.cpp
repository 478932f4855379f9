#include "store/postgres/target.h"

#include <libpq-fe.h>
#include <memory>

#include <fmt/format.h>

namespace polysync::store {
namespace {

Error invalid(std::string message, std::string remedy) {
    return make_error(ErrorKind::invalid_input, "invalid_store", std::move(message), std::move(remedy));
}

bool is_schema_name(std::string_view name) {
    if (name.empty() || name.size() > 63 || (name[0] >= '0' && name[0] <= '9') || name.starts_with("pg_"))
        return false;
    return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// `schema` is ours; libpq refuses what it does not know.
std::optional<std::string> take_schema(std::string& url) {
    auto query = url.find('?');
    if (query == std::string::npos) return std::nullopt;
    for (auto at = query + 1; at < url.size();) {
        auto end = std::min(url.find('&', at), url.size());
        auto part = std::string_view(url).substr(at, end - at);
        if (part.starts_with("schema=")) {
            std::string name(part.substr(7));
            url.erase(at, std::min(end + 1, url.size()) - at);
            while (!url.empty() && (url.back() == '&' || url.back() == '?')) url.pop_back();
            return name;
        }
        at = end + 1;
    }
    return std::nullopt;
}

}  // namespace

Result<PostgresTarget> parse_postgres_url(std::string_view text) {
    constexpr std::string_view form =
        "Write postgres://USER@HOST/DATABASE, with ?sslmode=verify-full for TLS, for instance "
        "postgres://polysync@db.example.com/polysync?sslmode=verify-full.";
    PostgresTarget target;
    target.conninfo = std::string(text);
    if (auto schema = take_schema(target.conninfo)) {
        if (!is_schema_name(*schema))
            return invalid(fmt::format("--store: '{}' is no schema name for Polysync", *schema),
                           "Use small letters, digits and underscores.");
        target.schema = *schema;
    }
    char* message = nullptr;
    std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(target.conninfo.c_str(), &message), PQconninfoFree);
    std::unique_ptr<char, decltype(&PQfreemem)> owned(message, PQfreemem);
    if (!options)  // libpq's words may repeat a password
        return invalid("--store names no PostgreSQL database: libpq cannot read it", std::string(form));
    for (auto* option = options.get(); option->keyword; ++option) {
        bool given = option->val && *option->val;
        if (given && std::string_view(option->keyword) == "password") {
            register_secret(option->val);
            return invalid("--store holds a password, which everybody on this machine can read",
                           "Leave it out, and name it with --store-password env://NAME or file:///PATH; "
                           "PGPASSWORD, a passfile and a service file work too.");
        }
    }
    return target;
}

}  // namespace polysync::store
