#include "api/service.h"

#include <algorithm>
#include <charconv>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <openssl/sha.h>

#include "api/openapi.h"
#include "base/log.h"
#include "base/secret.h"

namespace polysync::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_json_depth = 32;

std::string hash_of(const Request& request) {
    std::string text = fmt::format("{} {}\n{}\n", to_string(request.method), request.path, request.query);
    text += request.body;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    std::string out;
    for (auto byte : digest) fmt::format_to(std::back_inserter(out), "{:02x}", byte);
    return out;
}

Status check_media_type(const Request& request) {
    auto type = request.header("content-type");
    std::string media(type.substr(0, type.find(';')));
    while (!media.empty() && media.back() == ' ') media.pop_back();
    std::transform(media.begin(), media.end(), media.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (media == "application/json") return success();
    return make_error(ErrorKind::invalid_input, "unsupported_media_type",
                      media.empty() ? "the body has no Content-Type"
                                    : fmt::format("bodies are application/json, not {}", media),
                      "Send the header Content-Type: application/json.");
}

Result<json::object> parse_body(const Request& request, const Route& route) {
    if (request.body.empty()) {
        if (!route.body.empty() && route.body_required)
            return make_error(ErrorKind::invalid_input, "missing_body", "the request needs a JSON body");
        return json::object();
    }
    if (route.body.empty())
        return make_error(ErrorKind::invalid_input, "unexpected_body", "this request takes no body");
    POLYSYNC_TRY(check_media_type(request));
    json::error_code error;
    json::parse_options options;
    options.max_depth = max_json_depth;
    auto value = json::parse(request.body, error, {}, options);
    if (error)
        return make_error(ErrorKind::invalid_input, "invalid_json",
                          fmt::format("the body is no JSON: {}", error.message()));
    if (auto* object = value.if_object()) return std::move(*object);
    return make_error(ErrorKind::invalid_input, "invalid_json", "the body must be a JSON object");
}

Result<IdempotencyKey> read_idempotency(const Request& request) {
    auto key = request.header("idempotency-key");
    if (request.method != Method::post || key.empty()) return IdempotencyKey();
    bool printable =
        std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    if (!printable || key.size() > 255)
        return make_error(ErrorKind::invalid_input, "invalid_idempotency_key",
                          "an Idempotency-Key has 1 to 255 printable ASCII characters", "A UUID will do.");
    return IdempotencyKey{fmt::format("api/{}", key), hash_of(request)};
}

void check_query_names(Call& call, const Route& route) {
    Fields fields(call.query, call.problems, Fields::Source::query);
    for (const auto& parameter : route.query) fields.know(parameter.name);
    fields.finish();
}

}  // namespace

Service::Service(Parts parts) : parts_(std::move(parts)), events_(*parts_.store) {}

Result<Service::Admission> Service::admit(const Request& head, Headers& answer_headers) const {
    std::string allowed;
    auto match = router_.match(head.method, head.path, allowed);
    if (!match) {
        if (!allowed.empty()) answer_headers.emplace_back("Allow", allowed);
        return match.error();
    }
    Admission admission{.match = std::move(match.value())};
    const auto& route = *admission.match.route;
    if (!route.body.empty()) admission.body_limit = route.large_body ? large_body_limit : body_limit;
    return admission;
}

Async<Result<Response>> Service::answer(Call& call, const Route& route) {
    POLYSYNC_CO_TRY(call.query, parse_query(call.request.query));
    check_query_names(call, route);
    POLYSYNC_CO_TRY(call.body, parse_body(call.request, route));
    POLYSYNC_CO_TRY(call.idempotency, read_idempotency(call.request));
    if (!call.idempotency.record.empty()) {
        auto stored = std::make_shared<std::optional<Response>>();
        store::ReadWork look = [stored,
                                key = call.idempotency](store::ReadTransaction& transaction) -> Status {
            POLYSYNC_TRY(*stored, key.find(transaction));
            return success();
        };
        POLYSYNC_CO_TRY(co_await parts_.store->read(std::move(look)));
        if (*stored) co_return std::move(**stored);
    }
    co_return co_await route.handler(call);
}

Async<Response> Service::handle(const Admission& admission, const Request& request) {
    Call call(parts_, request, this);
    call.path = admission.match.values;
    Response response;
    try {
        auto answered = co_await answer(call, *admission.match.route);
        if (answered) {
            response = std::move(answered.value());
        } else {
            response = problem_response(answered.error(), call.problems);
        }
    } catch (const std::exception& bug) {
        response = problem_response(make_error(ErrorKind::internal, "exception", bug.what()));
    }
    response.body = redact(response.body);
    co_return response;
}

Async<Response> Service::handle(const Request& request) {
    Headers headers;
    auto admission = admit(request, headers);
    if (!admission) co_return refuse(admission.error(), std::move(headers));
    if (request.body.size() > std::max(admission.value().body_limit, body_limit))
        co_return refuse(make_error(ErrorKind::invalid_input, "body_too_large", "the body is too large"));
    co_return co_await handle(admission.value(), request);
}

Response Service::refuse(const Error& error, Headers headers) const {
    auto response = problem_response(error);
    std::move(headers.begin(), headers.end(), std::back_inserter(response.headers));
    response.body = redact(response.body);
    return response;
}

Async<Response> Service::health() const { co_return json_response(200, json::object{{"status", "ok"}}); }

Async<Response> Service::readiness() {
    Request request;
    Call call(parts_, request);
    auto status = co_await call.on_runtime(runtime_status(*parts_.runtime));
    bool ready = status.ready && status.store_error.empty();
    json::object out{{"ready", ready}};
    if (!status.ready) {
        out["reason"] = "runs of the last process are being taken over, or the server stops";
    } else if (!ready) {
        out["reason"] = "the store does not take writes: " + status.store_error;
    }
    auto response = json_response(ready ? 200 : 503, out);
    response.body = redact(response.body);
    co_return response;
}

Async<Result<EventQuery>> Service::read_event_query(const Request& request) {
    Call call(parts_, request, this);
    EventQuery query;
    POLYSYNC_CO_TRY(call.query, parse_query(request.query));
    auto fields = call.query_fields();
    auto after = fields.integer("after", 0, INT64_MAX);
    query.types = fields.texts("type");
    query.subjects = fields.texts("subject");
    fields.finish();
    POLYSYNC_CO_TRY(call.check());
    std::int64_t last = 0;
    auto header = request.header("last-event-id");
    auto [end, problem] = std::from_chars(header.data(), header.data() + header.size(), last);
    if (!header.empty() && problem == std::errc() && end == header.data() + header.size()) after = last;
    query.from_past = after.has_value();
    if (after) {
        query.after = *after;
    } else {
        POLYSYNC_CO_TRY(query.after, co_await events_.newest());
    }
    co_return query;
}

Async<std::string> Service::next_events(EventQuery& query, Millis patience) {
    auto until = std::chrono::steady_clock::now() + patience;
    auto wanted = [](const std::vector<std::string>& list, const std::string& word) {
        return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
    };
    std::string text;
    while (text.empty()) {
        auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0 || events_.stopped()) break;
        auto news = co_await events_.after(query.after, left);
        if (!news) {
            // The next look comes after a pause, not at once.
            co_await parts_.clock->sleep_for(std::chrono::seconds(1));
            co_return std::string(": the store does not answer\n\n");
        }
        for (const auto& item : news.value()) {
            if (query.from_past && query.after > 0 && item->sequence > query.after + 1)
                text += fmt::format("event: gap\ndata: {{\"after\":{},\"next\":{}}}\n\n", query.after,
                                    item->sequence);
            query.from_past = false;
            query.after = item->sequence;
            if (wanted(query.types, item->type) && wanted(query.subjects, item->subject)) text += item->text;
        }
    }
    if (text.empty()) text = ": keep-alive\n\n";
    co_return text;
}

const std::string& Service::openapi() {
    if (openapi_.empty()) openapi_ = openapi_document(router_.routes(), parts_.version);
    return openapi_;
}

}  // namespace polysync::api
