// The one table of what the API offers: routing and the OpenAPI document are both made from it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace polysync::api {

using Handler = Async<Result<Response>> (*)(Call&);

struct QueryParameter {
    std::string name;
    std::string schema;  // JSON text
    std::string description;
};

struct Route {
    Method method = Method::get;
    std::string pattern;  // below /api/v1: "/tasks/{name}/run"
    Handler handler = nullptr;
    std::string id;  // operationId
    std::string tag;
    std::string summary;  // one sentence
    std::vector<QueryParameter> query;
    std::string body;           // component schema of the request's body; empty: takes none
    bool body_required = true;  // false: no body means {}
    int status = 200;
    std::string answer;        // component schema; empty: no content
    bool large_body = false;   // definitions of a whole directory
    bool conditional = false;  // knows If-Match
    bool is_public = false;    // needs no token
    bool is_stream = false;    // server-sent events: served by the listener, not by a handler
    std::string media_type = "application/json";
};

inline constexpr std::string_view api_root = "/api/v1";
inline constexpr std::size_t body_limit = 1 << 20;         // bytes
inline constexpr std::size_t large_body_limit = 32 << 20;  // apply, validate

class Router {
  public:
    Router();  // of the whole table

    struct Match {
        const Route* route = nullptr;
        std::vector<std::string> values;  // of the pattern's names, decoded
    };
    // `path` is percent-encoded. Errors: not_found; invalid_input (encoding); rejected with code
    // method_not_allowed, whose `allowed` then says what the path takes.
    [[nodiscard]] Result<Match> match(Method method, std::string_view path, std::string& allowed) const;

    [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

  private:
    struct Pattern {
        const Route* route = nullptr;
        std::vector<std::string> segments;  // names in braces
    };

    std::vector<Route> routes_;
    std::vector<Pattern> patterns_;  // by number of segments and first segment
};

// Each group of routes, by the file that holds its handlers.
[[nodiscard]] std::vector<Route> object_routes();
[[nodiscard]] std::vector<Route> definition_routes();
[[nodiscard]] std::vector<Route> import_routes();
[[nodiscard]] std::vector<Route> task_routes();
[[nodiscard]] std::vector<Route> run_routes();
[[nodiscard]] std::vector<Route> chain_routes();
[[nodiscard]] std::vector<Route> backfill_routes();
[[nodiscard]] std::vector<Route> platform_routes();
[[nodiscard]] std::vector<Route> system_routes();

// limit and cursor, which every list takes, and then `more`.
[[nodiscard]] std::vector<QueryParameter> list_query(std::vector<QueryParameter> more = {});
// Reads them. Errors go to the call's problems.
[[nodiscard]] store::Page read_page(Fields& fields, std::string_view list);

// For requests whose body has no members.
void body_ends(Call& call);

// Cursors are opaque: the list's name and the store's cursor, base64url.
[[nodiscard]] std::string write_cursor(std::string_view list, std::string_view position);
[[nodiscard]] std::optional<std::string> read_cursor(std::string_view list, std::string_view cursor);

}  // namespace polysync::api
