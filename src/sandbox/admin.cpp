#include "sandbox/admin.h"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"
#include "sandbox/jwt.h"
#include "sandbox/members.h"
#include "sandbox/protocol.h"

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

const std::vector<std::string> paths = {"books",   "settings", "time",   "credentials", "roles", "providers",
                                        "denials", "faults",   "quotas", "reset",       "token", "metadata"};

Error bad(std::string message) {
    return make_error(ErrorKind::invalid_input, "invalid_request", std::move(message));
}

HttpAnswer reply(int status, const json::object& body) {
    HttpAnswer made;
    made.status = status;
    made.content_type = "application/json";
    made.body = json::serialize(body) + "\n";
    return made;
}

HttpAnswer reply(const Result<json::object>& result) {
    if (result) return reply(200, result.value());
    auto& error = result.error();
    return reply(error.kind == ErrorKind::not_found ? 404 : 400,
                 {{"error", {{"code", error.code}, {"message", error.message}}}});
}

Millis millis(std::int64_t count) { return Millis(count); }

}  // namespace

HttpAnswer Admin::handle(const HttpRequest& request) {
    auto path = request.path.substr(std::string_view("/_sandbox").size());
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    // A web page must not change the sandbox of the developer who looks at it; browsers name the page's
    // origin.
    if (request.has_header("Origin"))
        return reply(
            403, {{"error", {{"code", "browser"}, {"message", "The admin endpoint is not for web pages"}}}});
    if (request.method == "GET") return reply(read(path));
    if (request.method == "DELETE" && path == "faults") {
        world_.faults.clear();
        return reply(200, {});
    }
    if (request.method != "POST")
        return reply(405, {{"error", {{"code", "method"}, {"message", "Use GET or POST"}}}});
    json::error_code error;
    json::value document = json::object();
    if (!request.body.empty()) document = json::parse({request.body.data(), request.body.size()}, error);
    if (error || !document.is_object()) return reply(bad("The body must be a JSON object"));
    return reply(change(path, document.get_object()));
}

Result<json::object> Admin::read(std::string_view path) {
    if (path == "books") return books();
    if (path == "settings") return settings();
    if (path == "time") return time();
    if (path == "faults") return json::object{{"faults", world_.faults.to_json()}};
    if (path == "calls") return json::object{{"calls", world_.books.kept_calls()}};
    if (path == "quotas") return world_.quotas.to_json(world_.times.steady());
    if (path.empty()) {
        json::array names;
        for (auto& name : paths) names.emplace_back(name);
        return json::object{{"paths", std::move(names)}};
    }
    return make_error(ErrorKind::not_found, "unknown_path",
                      "GET knows /_sandbox/books, /calls, /settings, /time, /faults and /quotas");
}

Result<json::object> Admin::change(std::string_view path, const json::object& document) {
    if (path == "faults") return change_faults(document);
    if (path == "settings") return change_settings(document);
    if (path == "time") return change_time(document);
    if (path == "credentials") return change_credentials(document);
    if (path == "roles") return change_role(document);
    if (path == "providers") return change_provider(document);
    if (path == "denials") return change_denials(document);
    if (path == "token") return make_token(document);
    if (path == "metadata") return metadata_.change(document);
    if (path == "quotas") {
        POLYSYNC_TRY(world_.quotas.change(document));
        return world_.quotas.to_json(world_.times.steady());
    }
    if (path == "reset") {
        MemberReader reader(document, "reset");
        POLYSYNC_TRY(reader.finish());
        world_.reset();
        metadata_.reset();
        return json::object{};
    }
    if (path.find('/') != std::string_view::npos) return change_service(path, document);
    auto near = nearest_word(path, paths);
    return make_error(ErrorKind::not_found, "unknown_path",
                      fmt::format("POST knows no /_sandbox/{}{} Known: {}, and /_sandbox/<service>/<kind>.",
                                  path.substr(0, 64), near.empty() ? "." : "; did you mean '" + near + "'?",
                                  fmt::join(paths, ", ")));
}

Result<json::object> Admin::change_service(std::string_view path, const json::object& document) {
    auto slash = path.find('/');
    auto* service = world_.find_service(path.substr(0, slash));
    if (!service)
        return make_error(
            ErrorKind::not_found, "unknown_service",
            fmt::format("'{}' is no service; known: glue, batch, sagemaker, stepfunctions, logs, sts",
                        path.substr(0, std::min<std::size_t>(slash, 64))));
    CallContext context;
    context.now = world_.times.sandbox();
    context.region = "us-east-1";
    context.account = sample_account;
    // Every resource document may say where it belongs; the services see the rest.
    json::object rest = document;
    auto take = [&](std::string_view name, std::string& out) {
        auto* value = rest.if_contains(name);
        if (!value || !value->is_string()) return;
        out = value->get_string();
        rest.erase(name);
    };
    take("account", context.account);
    take("region", context.region);
    context.partition = partition_of(context.region);
    auto made = service->admin(path.substr(slash + 1), rest, context);
    if (made.failed()) return make_error(ErrorKind::invalid_input, made.error_code, made.error_message);
    return std::move(made.body);
}

json::object Admin::settings() const {
    auto& now = world_.settings;
    return {{"queued_ms", now.durations.queued.count()},
            {"starting_ms", now.durations.starting.count()},
            {"running_ms", now.durations.running.count()},
            {"stopping_ms", now.durations.stopping.count()},
            {"list_delay_ms", now.consistency.list_delay.count()},
            {"describe_delay_ms", now.consistency.describe_delay.count()},
            {"strict_members", now.strict_members},
            {"credential_lifetime_seconds", now.credential_lifetime.count()},
            {"clock_skew_ms", now.clock_skew.count()},
            {"kept_calls", now.kept_calls},
            {"time_scale", now.time_scale}};
}

Result<json::object> Admin::change_settings(const json::object& document) {
    Settings next = world_.settings;
    MemberReader reader(document, "settings document");
    constexpr std::int64_t year_ms = 366LL * 86'400'000;
    auto span = [&](std::string_view name, Millis& out, std::int64_t low) {
        std::int64_t count = out.count();
        reader.integer(name, count, low, year_ms);
        out = millis(count);
    };
    span("queued_ms", next.durations.queued, 0);
    span("starting_ms", next.durations.starting, 0);
    span("running_ms", next.durations.running, 0);
    span("stopping_ms", next.durations.stopping, 0);
    span("list_delay_ms", next.consistency.list_delay, 0);
    span("describe_delay_ms", next.consistency.describe_delay, 0);
    span("clock_skew_ms", next.clock_skew, -year_ms);
    std::int64_t lifetime = next.credential_lifetime.count();
    auto kept = std::int64_t(next.kept_calls);
    double scale = next.time_scale;
    reader.integer("kept_calls", kept, 0, 100'000);
    reader.integer("credential_lifetime_seconds", lifetime, 0, 43200);
    reader.flag("strict_members", next.strict_members);
    reader.number("time_scale", scale, 0, 1e6);
    POLYSYNC_TRY(reader.finish());
    next.credential_lifetime = std::chrono::seconds(lifetime);
    next.kept_calls = std::size_t(kept);
    if (scale != world_.settings.time_scale) world_.times.set_scale(scale);
    next.time_scale = scale;
    world_.settings = next;
    return settings();
}

json::object Admin::time() const {
    return {{"sandbox", format_iso8601(world_.times.sandbox())},
            {"wall", format_iso8601(world_.times.wall())},
            {"time_scale", world_.settings.time_scale}};
}

Result<json::object> Admin::change_time(const json::object& document) {
    MemberReader reader(document, "time document");
    double seconds = 0, scale = world_.settings.time_scale;
    reader.number("advance_seconds", seconds, 0, 10.0 * 366 * 86400);
    reader.number("time_scale", scale, 0, 1e6);
    POLYSYNC_TRY(reader.finish());
    world_.times.set_scale(scale);
    world_.times.advance(millis(std::int64_t(seconds * 1000)));
    return time();
}

Result<json::object> Admin::change_credentials(const json::object& document) {
    MemberReader reader(document, "credentials document");
    AccessKey key;
    std::string user = "sandbox-user";
    bool remove = false, expire_all = false;
    std::int64_t expires_in = 0;
    key.account = sample_account;
    reader.flag("expire_sessions", expire_all);
    reader.flag("remove", remove);
    reader.text("access_key_id", key.id);
    reader.text("secret_access_key", key.secret);
    reader.text("session_token", key.session_token);
    reader.text("account", key.account);
    reader.text("user", user);
    bool expiring = reader.integer("expires_in_seconds", expires_in, -86'400, 366 * 86'400);
    if (!expire_all) reader.require("access_key_id");
    if (!expire_all && !remove) reader.require("secret_access_key");
    POLYSYNC_TRY(reader.finish());
    if (expire_all) {
        world_.identities.expire_sessions(world_.times.wall());
        if (key.id.empty()) return json::object{};
    }
    if (key.id.size() < 16 || key.id.size() > 128)
        return bad("credentials document: 'access_key_id' must have 16 to 128 characters, as AWS's have");
    if (remove) {
        world_.identities.remove_key(key.id);
        return json::object{};
    }
    if (key.account.size() != 12) return bad("credentials document: 'account' must have 12 digits");
    key.principal = "user/" + user;
    key.user_id = "AIDA" + world_.identities.random_text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    if (expiring) key.expires = world_.times.wall() + std::chrono::seconds(expires_in);
    auto id = key.id, arn = key.arn("aws");
    world_.identities.add_key(std::move(key));
    return json::object{{"access_key_id", id}, {"arn", arn}};
}

Result<json::object> Admin::change_role(const json::object& document) {
    MemberReader reader(document, "role");
    Role role;
    role.account = sample_account;
    reader.require("name");
    reader.text("name", role.name);
    reader.text("account", role.account);
    reader.text("external_id", role.external_id);
    reader.texts("trusted_accounts", role.trusted_accounts);
    reader.texts("trusted_issuers", role.trusted_issuers);
    reader.texts("trusted_audiences", role.trusted_audiences);
    reader.texts("trusted_subjects", role.trusted_subjects);
    reader.integer("max_session_seconds", role.max_session_seconds, 900, 43200);
    POLYSYNC_TRY(reader.finish());
    if (role.account.size() != 12) return bad("role: 'account' must have 12 digits");
    auto arn = "arn:aws:iam::" + role.account + ":role/" + role.name;
    world_.identities.add_role(std::move(role));
    return json::object{{"arn", arn}};
}

Result<json::object> Admin::change_provider(const json::object& document) {
    MemberReader reader(document, "OIDC provider");
    OidcProvider provider;
    provider.account = sample_account;
    reader.require("url");
    reader.text("url", provider.url);
    reader.text("account", provider.account);
    reader.texts("audiences", provider.audiences);
    POLYSYNC_TRY(reader.finish());
    if (!provider.url.starts_with("https://")) return bad("OIDC provider: 'url' must begin with https://");
    world_.identities.add_provider(std::move(provider));
    return json::object{};
}

Result<json::object> Admin::change_denials(const json::object& document) {
    MemberReader reader(document, "denial");
    Denial denial;
    bool clear = false;
    reader.flag("clear", clear);
    reader.text("access_key_id", denial.access_key_id);
    reader.text("account", denial.account);
    reader.text("action", denial.action);
    reader.text("resource", denial.resource);
    reader.flag("explicit", denial.explicit_deny);
    if (!clear) reader.require("action");
    POLYSYNC_TRY(reader.finish());
    if (clear) world_.identities.clear_denials();
    if (!denial.action.empty()) world_.identities.add_denial(std::move(denial));
    return json::object{};
}

Result<json::object> Admin::change_faults(const json::object& document) {
    if (document.size() == 1 && document.contains("clear")) {
        world_.faults.clear();
        return json::object{};
    }
    POLYSYNC_TRY(auto id, world_.faults.add(document));
    return json::object{{"id", id}};
}

Result<json::object> Admin::make_token(const json::object& document) {
    MemberReader reader(document, "token document");
    std::string issuer = "https://oidc.sandbox.local", audience = "sts.amazonaws.com", subject = "polysync";
    std::int64_t lifetime = 3600;
    reader.text("issuer", issuer);
    reader.text("audience", audience);
    reader.text("subject", subject);
    reader.integer("lifetime_seconds", lifetime, -86'400, 366 * 86'400);
    auto* extra = reader.any("claims");
    if (extra && !extra->is_object()) reader.refuse("'claims' must be an object");
    POLYSYNC_TRY(reader.finish());
    auto now = std::chrono::floor<std::chrono::seconds>(world_.times.wall()).time_since_epoch().count();
    json::object claims{{"iss", issuer},  {"aud", audience}, {"sub", subject},
                        {"iat", now - 5}, {"nbf", now - 5},  {"exp", now + lifetime}};
    if (extra)
        for (auto& [name, value] : extra->get_object()) claims[name] = value;
    return json::object{{"token", make_jwt(claims)}};
}

json::object Admin::books() const {
    auto all = world_.books.to_json();
    json::object submissions, in_flight;
    for (auto& service : world_.services) {
        if (auto tokens = service->submissions(); !tokens.empty())
            submissions[service->name()] = std::move(tokens);
        if (auto most = service->most_in_flight(); !most.empty())
            in_flight[service->name()] = std::move(most);
    }
    all["submissions"] = std::move(submissions);
    all["most_in_flight"] = std::move(in_flight);
    all["faults"] = world_.faults.to_json();
    if (add_connections_) add_connections_(all);
    return all;
}

}  // namespace polysync::sandbox
