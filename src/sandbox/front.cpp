#include "sandbox/front.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "sandbox/query.h"
#include "sandbox/resource_arn.h"
#include "sandbox/signature.h"
#include "sandbox/validation.h"

namespace polysync::sandbox {
namespace {

namespace json = boost::json;

HttpAnswer load_balancer_page() {
    HttpAnswer made;
    made.status = 503;
    made.content_type = "text/html";
    made.body =
        "<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body>\n"
        "<center><h1>503 Service Temporarily Unavailable</h1></center>\n</body>\n</html>\n";
    return made;
}

bool is_after(FaultKind kind) {
    return kind == FaultKind::error_after || kind == FaultKind::lost_answer ||
           kind == FaultKind::truncated_body || kind == FaultKind::garbage_body ||
           kind == FaultKind::skewed_date || kind == FaultKind::delay;
}

}  // namespace

// One AWS call on its way through. Steps answer true where the call goes on; otherwise `error` says why not.
struct Front::Call {
    World& world;
    const ServiceProfile& profile;
    const HttpRequest& request;
    std::string_view body;
    const Model& model;
    const Operation* operation;
    std::string request_id;
    Service* service;
    std::vector<const Fault*> faults;
    CallContext context;
    const AccessKey* caller = nullptr;
    json::object input;
    WireError error;
    Outcome outcome = Outcome::ok;

    bool fail(WireError why, Outcome as = Outcome::refused) {
        error = std::move(why);
        outcome = as;
        return false;
    }

    HttpAnswer write(const WireError& why) const { return write_error(profile, why, request_id); }

    bool authenticate_caller() {
        context.now = world.times.sandbox();
        context.request_id = request_id;
        if (!operation->authenticated) {
            context.region = "us-east-1";
            return true;
        }
        AuthRules rules{profile.signing_name, std::chrono::minutes(profile.wire == Wire::query ? 15 : 5),
                        world.times.wall()};
        auto checked = authenticate(request, world.identities, rules);
        if (!checked.key) {
            if (checked.refusal.message.starts_with("The request signature we calculated")) keep_mismatch();
            return fail(auth_error(profile, checked.refusal));
        }
        caller = checked.key;
        context.account = caller->account;
        context.region = std::move(checked.region);
        context.partition = partition_of(context.region);
        context.access_key_id = caller->id;
        context.caller_arn = caller->arn(context.partition);
        return true;
    }

    // Keeps what this side signed, for GET /_sandbox/books; a session token is worth a secret.
    void keep_mismatch() {
        std::string ignored;
        auto parsed = parse_authorization(request.header("Authorization"), true, ignored);
        if (!parsed) return;
        auto text = canonical_request(request, parsed->signed_headers);
        if (auto at = text.find("\nx-amz-security-token:"); at != std::string::npos) {
            auto begin = at + std::string_view("\nx-amz-security-token:").size();
            text.replace(begin, text.find('\n', begin) - begin, "(masked)");
        }
        world.books.keep_mismatch(text.substr(0, 8192));
    }

    bool within_quota() {
        if (world.quotas.take(context.account, context.region, profile.name, operation->name,
                              world.times.steady()))
            return true;
        return fail(throttled(profile), Outcome::throttled);
    }

    bool read() {
        auto members = read_input(profile, *operation, body);
        if (!members) return fail(bad_serialization(profile, members.error().message));
        input = std::move(members.value());
        return true;
    }

    // Faults that stand in for an effect; those that come after it are applied to the answer.
    bool spared_by_faults() {
        for (auto* fault : faults) {
            switch (fault->kind) {
                case FaultKind::error_before:
                    return fail(faulty(*fault), Outcome::faulted);
                case FaultKind::throttle:
                    return fail(throttled(profile), Outcome::faulted);
                case FaultKind::expired_credentials:
                    return fail(
                        auth_error(profile, {AuthFailure::expired_credentials,
                                             "The security token included in the request is expired"}),
                        Outcome::faulted);
                case FaultKind::clock_skew:
                    return fail(skewed(), Outcome::faulted);
                default:
                    break;
            }
        }
        return true;
    }

    WireError faulty(const Fault& fault) const {
        auto made = internal_failure(profile);
        if (!fault.code.empty()) {
            auto* known = model.find_error(fault.code);
            made.code = known ? known->code : fault.code;
            made.status = known ? known->status : 400;
        }
        if (!fault.message.empty()) made.message = fault.message;
        if (fault.status) made.status = fault.status;
        return made;
    }

    WireError skewed() const {
        auto basic = [](SystemTime time) { return format_basic(time); };
        auto now = world.times.wall();
        return auth_error(profile, {AuthFailure::bad_signature,
                                    fmt::format("Signature expired: {} is now earlier than {} ({} - 5 min.)",
                                                basic(now - std::chrono::minutes(10)),
                                                basic(now - std::chrono::minutes(5)), basic(now))});
    }

    bool permitted() {
        if (!caller || operation->name == "GetCallerIdentity") return true;
        auto action = fmt::format("{}:{}", profile.signing_name, operation->name);
        auto resource = resource_arn(profile.signing_name, operation->name, input, context);
        auto* rule = world.identities.find_denial(*caller, action, resource);
        if (!rule) return true;
        auto why = rule->explicit_deny
                       ? std::string("with an explicit deny in an identity-based policy")
                       : fmt::format("because no identity-based policy allows the {} action", action);
        return fail(
            access_denied(profile, fmt::format("User: {} is not authorized to perform: {} on resource: {} {}",
                                               context.caller_arn, action, resource, why)));
    }

    bool valid() {
        auto findings = validate(operation->input, input);
        for (auto& member : findings.unknown)
            world.books.count_unknown_member(profile.name, operation->name, member);
        if (!findings.wrong_type.empty()) return fail(bad_serialization(profile, findings.wrong_type));
        if (world.settings.strict_members && findings.unknown_count > 0)
            return fail(invalid("Unknown member '" + findings.unknown.front() +
                                "' (the sandbox is in strict_members mode)"));
        if (findings.violations.empty()) return true;
        return fail(invalid(findings.summary()));
    }

    WireError invalid(std::string message) const {
        if (profile.wire == Wire::rest_json)
            message =
                fmt::format("Error executing request, Exception : {}, RequestId: {}", message, request_id);
        return {std::string(profile.validation_code), std::move(message), 400, {}};
    }

    // AWS's hint when to come back, in milliseconds (aws-facts 12.1).
    void add_hints(HttpAnswer& made) const {
        for (auto* fault : faults)
            if (fault->retry_after.count() > 0)
                made.headers.emplace_back("x-amz-retry-after", std::to_string(fault->retry_after.count()));
    }

    // For GET /_sandbox/calls.
    void keep() {
        world.books.keep({world.times.wall(), context.access_key_id,
                          fmt::format("{}.{}", profile.name, operation->name), outcome, std::move(input)},
                         world.settings.kept_calls);
    }

    // The effect.
    HttpAnswer run() {
        auto made = service->handle(operation->name, input, context);
        if (made.failed()) {
            auto* known = model.find_error(made.error_code);
            WireError why{known ? known->code : made.error_code, std::move(made.error_message),
                          made.http_status, std::move(made.body)};
            if (why.status == 0) why.status = known ? known->status : 400;
            outcome = Outcome::refused;
            return write(why);
        }
        auto whole = write_answer(profile, operation->name, made.body, request_id);
        whole.delay = world.times.real(made.delay);
        return whole;
    }

    void spoil(HttpAnswer& made) {
        for (auto* fault : faults) {
            if (!is_after(fault->kind)) continue;
            if (fault->kind != FaultKind::delay) outcome = Outcome::faulted;
            switch (fault->kind) {
                case FaultKind::error_after: {
                    auto delay = made.delay;
                    made = write(faulty(*fault));
                    made.delay = delay;
                    break;
                }
                case FaultKind::lost_answer:
                    made.delivery = Delivery::reset;
                    break;
                case FaultKind::truncated_body:
                    made.delivery = Delivery::truncated;
                    break;
                case FaultKind::garbage_body:
                    made.body = "{\"\x01<not an answer";
                    break;
                case FaultKind::skewed_date:
                    made.date_offset = fault->delay;
                    break;
                default:
                    made.delay += fault->delay;
                    break;
            }
        }
    }
};

HttpAnswer Front::handle(const HttpRequest& request) {
    if (request.path.starts_with("/_sandbox")) return admin_.handle(request);
    if (auto target = request.header("X-Amz-Target"); !target.empty()) {
        for (auto& profile : service_profiles())
            if (!profile.target_prefix.empty() && target.starts_with(profile.target_prefix))
                return serve(profile, target.substr(profile.target_prefix.size()), request, request.body);
        return not_found(request);
    }
    if (request.path == "/" || request.path.empty()) return serve_query(request);
    if (request.method == "POST" && request.path.starts_with("/v1/")) {
        auto& batch = *find_profile("batch");
        auto* operation = Model::of("batch").find_path(request.path);
        return serve(batch, operation ? std::string_view(operation->name) : request.path, request,
                     request.body);
    }
    if (auto made = metadata_.handle(request)) return std::move(*made);
    return not_found(request);
}

HttpAnswer Front::serve_query(const HttpRequest& request) {
    auto body = request.method == "GET" ? request.query : request.body;
    auto form = parse_form(body);
    auto action = form ? std::string(form_field(form.value(), "Action")) : std::string();
    if (action.empty()) return not_found(request);
    return serve(*find_profile("sts"), action, request, body);
}

HttpAnswer Front::serve(const ServiceProfile& profile, std::string_view operation, const HttpRequest& request,
                        std::string_view body) {
    auto& model = Model::of(profile.name);
    Call call{world_,
              profile,
              request,
              body,
              model,
              model.find_operation(operation),
              make_guid(world_.random),
              world_.find_service(profile.name),
              {},
              {},
              nullptr,
              {},
              {},
              Outcome::ok};
    bool known = call.operation && call.service;
    std::string_view name = known ? std::string_view(call.operation->name) : "(unknown operation)";
    if (!known) {
        world_.books.count(profile.name, name, Outcome::refused);
        return call.write(unknown_operation(profile, operation));
    }
    call.faults = world_.faults.take(profile.name, name);
    HttpAnswer made;
    for (auto* fault : call.faults) {
        if (fault->kind != FaultKind::reset_before && fault->kind != FaultKind::html_503) continue;
        world_.books.count(profile.name, name, Outcome::faulted);
        if (fault->kind == FaultKind::html_503) return load_balancer_page();
        made.delivery = Delivery::reset;
        return made;
    }
    bool goes_on = call.authenticate_caller() && call.within_quota() && call.read() && call.permitted() &&
                   call.valid() && call.spared_by_faults();
    made = goes_on ? call.run() : call.write(call.error);
    if (goes_on || call.outcome == Outcome::faulted) call.spoil(made);
    if (call.outcome == Outcome::faulted) call.add_hints(made);
    if (made.date_offset.count() == 0) made.date_offset = world_.settings.clock_skew;
    world_.books.count(profile.name, name, call.outcome);
    if (const auto& key = call.context.access_key_id; !key.empty())
        world_.books.count_by_key(key, profile.name, name, call.outcome);
    if (world_.settings.kept_calls > 0) call.keep();
    return made;
}

HttpAnswer Front::not_found(const HttpRequest&) {
    world_.books.count_unrouted();
    HttpAnswer made;
    made.status = 404;
    made.headers.emplace_back("x-amzn-RequestId", make_guid(world_.random));
    made.body = "<UnknownOperationException/>\n";
    return made;
}

}  // namespace polysync::sandbox
