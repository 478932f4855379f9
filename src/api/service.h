// The API as a function from requests to answers; knows no sockets. src/server puts it on the network.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/call.h"
#include "api/event_feed.h"
#include "api/message.h"
#include "api/route.h"

namespace polysync::api {

// A listener of server-sent events: where it is, and what it wants.
struct EventQuery {
    std::int64_t after = 0;
    bool from_past = false;  // it named its place: what is gone since is told
    std::vector<std::string> types, subjects;
};

// One executor, the listener's; what it works with (Parts) outlives it. Nothing that handlers wait for may be
// left when it ends.
class Service {
  public:
    explicit Service(Parts parts);

    // Before the body is read: where the request goes, or why it goes nowhere.
    struct Admission {
        Router::Match match;
        std::size_t body_limit = 0;
    };
    [[nodiscard]] Result<Admission> admit(const Request& head, Headers& answer_headers) const;

    // Always an answer; nothing in it is a secret (SAFE-3).
    [[nodiscard]] Async<Response> handle(const Admission& admission, const Request& request);
    // Both in one, for callers without a network.
    [[nodiscard]] Async<Response> handle(const Request& request);
    // An error in the form of an answer.
    [[nodiscard]] Response refuse(const Error& error, Headers headers = {}) const;

    // /healthz: the process answers. /readyz: runs are followed, and the store answers.
    [[nodiscard]] Async<Response> health() const;
    [[nodiscard]] Async<Response> readiness();

    // GET /events. Errors: as for every request.
    [[nodiscard]] Async<Result<EventQuery>> read_event_query(const Request& request);
    // What to send next: events as text, or a comment after `patience` without any.
    [[nodiscard]] Async<std::string> next_events(EventQuery& query, Millis patience);

    [[nodiscard]] EventFeed& events() { return events_; }
    [[nodiscard]] const Parts& parts() const { return parts_; }
    // The OpenAPI 3.1 document as text; made at the first call.
    [[nodiscard]] const std::string& openapi();

  private:
    [[nodiscard]] Async<Result<Response>> answer(Call& call, const Route& route);

    Parts parts_;
    Router router_;
    EventFeed events_;
    std::string openapi_;
};

}  // namespace polysync::api
