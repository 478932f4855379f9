// REST calls to a Polysync server, for the commands.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "cli/invocation.h"
#include "http/http_client.h"

namespace polysync::cli {

struct Services;

struct ServerAddress {
    std::string url;  // "http://127.0.0.1:8080"
    Secret token;
    std::string actor = "cli";  // who asks, for the audit
};

// Where the server is and what it wants to see: --server and --token-file, else POLYSYNC_SERVER and
// POLYSYNC_TOKEN, else what the local server has left in <state folder>/server.json. That token is sent to
// that server only. Errors: invalid_input (no server known, no token, unreadable file, a URL that is none).
[[nodiscard]] Result<ServerAddress> find_server(const GlobalOptions& global, const Services& services);

struct RestRequest {
    std::string method = "GET";
    std::string path;              // below /api/v1: "/tasks/" + path_segment(name)
    std::vector<NameValue> query;  // those with an empty value are left out
    std::optional<boost::json::value> body;
    std::string if_match;  // an ETag
};

struct RestAnswer {
    int status = 0;
    boost::json::value body;
    std::string etag;
};

// One event of the server's stream.
struct ServerEvent {
    std::int64_t sequence = 0;
    boost::json::object document;
};

// One executor; `http`, `clock` and `random` outlive it.
class RestClient {
  public:
    RestClient(http::HttpClient& http, ServerAddress server, Clock& clock, Random& random);

    // 2xx answers are values. Errors: what the server says, with its code, remedy and http_status, the field
    // in front of the message and one line per further problem (problem() has them apart); transient or
    // unclear where it does not answer. What cannot act twice (GET, PUT, DELETE, and POST by its
    // idempotency key) is tried again for a few seconds.
    [[nodiscard]] Async<Result<RestAnswer>> call(RestRequest request);
    [[nodiscard]] Async<Result<boost::json::value>> get(std::string path, std::vector<NameValue> query = {});
    // A POST; its answer's body.
    [[nodiscard]] Async<Result<boost::json::value>> post(std::string path, boost::json::value body);
    // The items of a list, page after page, up to `limit`. `more`, if given, tells whether there are others.
    [[nodiscard]] Async<Result<boost::json::array>> list(std::string path, std::vector<NameValue> query,
                                                         std::size_t limit, bool* more = nullptr);

    // Events after that sequence number (nothing: from now on), until `on_event` returns false, an error that
    // will stay, or a cancellation; a lost connection is taken up again where it was.
    [[nodiscard]] Async<Status> follow(std::optional<std::int64_t> after,
                                       std::function<bool(const ServerEvent&)> on_event);

    // The last refusal as the server sent it (problem+json); empty where there was none.
    [[nodiscard]] const boost::json::object& problem() const { return problem_; }
    [[nodiscard]] const std::string& url() const { return server_.url; }

  private:
    [[nodiscard]] http::Request make_request(const RestRequest& request, const std::string& key) const;
    [[nodiscard]] Result<RestAnswer> read_answer(const http::Response& response);
    [[nodiscard]] Error refusal(const http::Response& response);
    [[nodiscard]] Error unreachable(Error error) const;

    http::HttpClient& http_;
    ServerAddress server_;
    Clock& clock_;
    Random& random_;
    boost::json::object problem_;
};

// Percent-encoded for one segment of a path or a query's value: "team/orders" is "team%2Forders".
[[nodiscard]] std::string path_segment(std::string_view text);

// Pieces of a server-sent event stream → whole events. Pure; bounded.
class EventReader {
  public:
    // Events that are complete with this piece.
    [[nodiscard]] std::vector<ServerEvent> take(std::string_view piece);

  private:
    std::string line_, data_;
    std::int64_t id_ = 0;
};

}  // namespace polysync::cli
