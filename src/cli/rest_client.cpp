#include "cli/rest_client.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/services.h"

namespace polysync::cli {
namespace {

constexpr auto retry_delay = Millis(300);
constexpr int tries = 4;
constexpr int page_limit = 1000;
constexpr std::size_t max_file_bytes = 64 * 1024;
constexpr std::size_t max_answer_bytes = 256 * 1024 * 1024;

Error no_server(std::string message) {
    return make_error(ErrorKind::invalid_input, "no_server", std::move(message),
                      "Start one with 'polysync dev' or 'polysync server', or name one with --server URL or "
                      "POLYSYNC_SERVER.");
}

Result<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(max_file_bytes, '\0');
    if (file) file.read(text.data(), std::streamsize(text.size()));
    if (!file && !file.eof())
        return make_error(ErrorKind::invalid_input, "unreadable_file", fmt::format("{} cannot be read", path),
                          "Check that it exists and that this user may read it.");
    text.resize(std::size_t(file.gcount()));
    return text;
}

std::string trimmed(std::string text) {
    constexpr auto blanks = " \t\r\n";
    text.erase(text.find_last_not_of(blanks) + 1);
    text.erase(0, text.find_first_not_of(blanks));
    return text;
}

std::string text_member(const boost::json::object& object, std::string_view name) {
    const auto* member = object.if_contains(name);
    return member && member->is_string() ? std::string(member->get_string()) : std::string();
}

struct LocalServer {
    std::string url, token_file;
};

std::optional<LocalServer> local_server(const std::string& state_folder) {
    auto text = read_text(state_folder + "/server.json");
    if (!text) return std::nullopt;
    boost::system::error_code error;
    auto document = boost::json::parse(text.value(), error);
    const auto* object = error ? nullptr : document.if_object();
    if (!object) return std::nullopt;
    return LocalServer{text_member(*object, "url"), text_member(*object, "token_file")};
}

bool is_loopback(std::string_view url) {
    std::string_view rest = url.substr(url.find("://") + 3);
    for (std::string_view host : {"127.", "localhost:", "localhost/", "[::1]"})
        if (rest.starts_with(host)) return true;
    return rest == "localhost";
}

ErrorKind kind_of(int status) {
    switch (status) {
        case 400:
        case 413:
        case 415:
        case 422:
            return ErrorKind::invalid_input;
        case 401:
            return ErrorKind::credentials;
        case 403:
            return ErrorKind::access_denied;
        case 404:
            return ErrorKind::not_found;
        case 409:
        case 412:
            return ErrorKind::conflict;
        case 429:
            return ErrorKind::throttled;
        default:
            return status >= 500 ? ErrorKind::transient : ErrorKind::rejected;
    }
}

// "tasks[2].retry: max_attempts must be at least 1"
std::string line_of(const boost::json::object& problem, std::string_view text) {
    std::string field = text_member(problem, "field");
    std::string detail = text_member(problem, text);
    return field.empty() ? detail : fmt::format("{}: {}", field, detail);
}

}  // namespace

Result<ServerAddress> find_server(const GlobalOptions& global, const Services& services) {
    ServerAddress server{.url = global.server, .token = {}};
    if (server.url.empty()) server.url = services.environment("POLYSYNC_SERVER").value_or("");
    auto local = local_server(services.state_folder);
    if (server.url.empty() && local) server.url = local->url;
    if (server.url.empty()) return no_server("no server is known: none is named, and none runs here");
    while (server.url.ends_with('/')) server.url.pop_back();
    if (!server.url.starts_with("http://") && !server.url.starts_with("https://"))
        return make_error(ErrorKind::invalid_input, "bad_url", "the server's address is no URL",
                          "Give http://HOST:PORT or https://HOST.");
    std::string file = global.token_file;
    std::string token;
    if (file.empty()) token = services.environment("POLYSYNC_TOKEN").value_or("");
    if (file.empty() && token.empty() && local && local->url == server.url) file = local->token_file;
    if (!file.empty()) {
        POLYSYNC_TRY(token, read_text(file));
    }
    token = trimmed(std::move(token));
    if (token.empty() || token.find_first_of(" \t\r\n") != std::string::npos)
        return make_error(ErrorKind::invalid_input, "no_token", fmt::format("no token for {}", server.url),
                          "Name the file that holds it with --token-file, or set POLYSYNC_TOKEN; the server "
                          "keeps it in the file 'token' of its state folder.");
    register_secret(token);
    server.token = Secret(std::move(token));
    std::string user = services.environment("USER").value_or("");
    bool plain = user.size() <= 64 &&
                 std::all_of(user.begin(), user.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
    if (!user.empty() && plain) server.actor = "cli:" + user;
    return server;
}

std::string path_segment(std::string_view text) {
    constexpr std::string_view safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    std::string out;
    for (char c : text) {
        if (safe.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

RestClient::RestClient(http::HttpClient& http, ServerAddress server, Clock& clock, Random& random)
    : http_(http), server_(std::move(server)), clock_(clock), random_(random) {}

http::Request RestClient::make_request(const RestRequest& request, const std::string& key) const {
    http::Request out;
    out.method = request.method;
    out.url = server_.url + "/api/v1" + request.path;
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        if (value.empty()) continue;
        out.url +=
            fmt::format("{}{}={}", std::exchange(separator, '&'), path_segment(name), path_segment(value));
    }
    out.headers = {{"Authorization", "Bearer " + server_.token.reveal()},
                   {"Accept", "application/json"},
                   {"X-Polysync-Actor", server_.actor}};
    if (request.body) {
        out.body = boost::json::serialize(*request.body);
        out.headers.push_back({"Content-Type", "application/json"});
    }
    if (!request.if_match.empty()) out.headers.push_back({"If-Match", request.if_match});
    if (!key.empty()) out.headers.push_back({"Idempotency-Key", key});
    out.use_proxy = !is_loopback(server_.url);
    out.max_body_bytes = max_answer_bytes;
    out.timeout = std::chrono::minutes(2);  // discovery and imports of a large account
    return out;
}

Error RestClient::unreachable(Error error) const {
    if (error.kind == ErrorKind::cancelled || error.kind == ErrorKind::invalid_input) return error;
    error.code = "server_unreachable";
    error.message = fmt::format("the server at {} does not answer: {}", server_.url, error.message);
    // What is wrong on the way to AWS is not what is wrong here, but with certificates.
    if (error.remedy.empty() || server_.url.starts_with("http://"))
        error.remedy =
            "Start it with 'polysync server' or 'polysync dev', or name another one with --server.";
    return error;
}

Error RestClient::refusal(const http::Response& response) {
    boost::system::error_code broken;
    auto document = boost::json::parse(response.body, broken);
    const auto* object = broken ? nullptr : document.if_object();
    problem_ = object ? *object : boost::json::object();
    Error error = make_error(kind_of(response.status), text_member(problem_, "code"),
                             line_of(problem_, "detail"), text_member(problem_, "remedy"));
    error.http_status = response.status;
    if (error.code.empty()) error.code = fmt::format("http_{}", response.status);
    if (error.message.empty())
        error.message = fmt::format("{} answered with HTTP status {}", server_.url, response.status);
    if (const auto* more = problem_.if_contains("errors"); more && more->is_array()) {
        std::string lines;
        for (const auto& entry : more->get_array()) {
            const auto* one = entry.if_object();
            if (!one) continue;
            std::string line = line_of(*one, "detail"), remedy = text_member(*one, "remedy");
            if (line == error.message) continue;  // the first one is told already
            lines += "\n" + line;
            if (!remedy.empty() && remedy != error.remedy) lines += fmt::format(" ({})", remedy);
        }
        error.message += lines;
    }
    if (error.kind == ErrorKind::credentials && error.remedy.empty())
        error.remedy = "The token is not this server's: see --token-file.";
    return error;
}

Result<RestAnswer> RestClient::read_answer(const http::Response& response) {
    if (response.status / 100 != 2) return refusal(response);
    RestAnswer answer{
        .status = response.status, .body = nullptr, .etag = std::string(response.header("etag"))};
    if (response.body.empty()) return answer;
    boost::system::error_code broken;
    answer.body = boost::json::parse(response.body, broken);
    if (broken)
        return make_error(ErrorKind::internal, "bad_answer",
                          fmt::format("{} answered with something that is no JSON", server_.url),
                          "Is that address a Polysync server?");
    return answer;
}

Async<Result<RestAnswer>> RestClient::call(RestRequest request) {
    problem_.clear();
    std::string key = request.method == "POST" ? make_guid(random_) : std::string();
    for (int attempt = 1;; ++attempt) {
        auto answered = co_await http_.send(make_request(request, key));
        if (answered) {
            auto answer = read_answer(answered.value());
            bool again = !answer && answer.error().http_status == 503 && attempt < tries;
            if (!again) co_return answer;
        } else {
            // A server that is being restarted is back in a moment; one that was never there is told at once.
            bool passing = answered.error().kind == ErrorKind::unclear;
            if (!passing || attempt >= tries) co_return unreachable(std::move(answered.error()));
        }
        co_await clock_.sleep_for(retry_delay * attempt);
    }
}

Async<Result<boost::json::value>> RestClient::get(std::string path, std::vector<NameValue> query) {
    RestRequest request;
    request.path = std::move(path);
    request.query = std::move(query);
    POLYSYNC_CO_TRY(auto answer, co_await call(std::move(request)));
    co_return std::move(answer.body);
}

Async<Result<boost::json::value>> RestClient::post(std::string path, boost::json::value body) {
    RestRequest request;
    request.method = "POST";
    request.path = std::move(path);
    request.body = std::move(body);
    POLYSYNC_CO_TRY(auto answer, co_await call(std::move(request)));
    co_return std::move(answer.body);
}

Async<Result<boost::json::array>> RestClient::list(std::string path, std::vector<NameValue> query,
                                                   std::size_t limit, bool* more) {
    boost::json::array items;
    std::string cursor;
    if (more) *more = false;
    do {
        RestRequest request;
        request.path = path;
        request.query = query;
        std::size_t wanted = std::min<std::size_t>(page_limit, limit - items.size());
        request.query.push_back({"limit", std::to_string(wanted)});
        request.query.push_back({"cursor", cursor});
        POLYSYNC_CO_TRY(auto answer, co_await call(std::move(request)));
        auto* page = answer.body.if_object();
        auto* found = page ? page->if_contains("items") : nullptr;
        if (!found || !found->is_array())
            co_return make_error(ErrorKind::internal, "bad_answer",
                                 fmt::format("{} is no list at {}", path, server_.url));
        for (auto& item : found->get_array()) items.push_back(std::move(item));
        cursor = text_member(*page, "next");
    } while (!cursor.empty() && items.size() < limit);
    if (more) *more = !cursor.empty();
    co_return items;
}

std::vector<ServerEvent> EventReader::take(std::string_view piece) {
    constexpr std::size_t max_event_bytes = 4 * 1024 * 1024;
    std::vector<ServerEvent> events;
    for (char c : piece) {
        if (c != '\n') {
            if (c != '\r' && line_.size() < max_event_bytes) line_ += c;
            continue;
        }
        std::string line = std::exchange(line_, {});
        auto value = [&line](std::size_t after) {
            std::string_view text = std::string_view(line).substr(after);
            return text.starts_with(' ') ? text.substr(1) : text;
        };
        if (line.starts_with("id:")) {
            auto text = value(3);
            std::from_chars(text.data(), text.data() + text.size(), id_);
        } else if (line.starts_with("data:")) {
            if (!data_.empty()) data_ += '\n';
            if (data_.size() < max_event_bytes) data_ += value(5);
        } else if (line.empty() && !data_.empty()) {
            boost::system::error_code broken;
            auto document = boost::json::parse(std::exchange(data_, {}), broken);
            if (!broken && document.is_object()) events.push_back({id_, std::move(document.get_object())});
        }
    }
    return events;
}

}  // namespace polysync::cli
