#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/platforms.h"
#include "provider/policy.h"

namespace polysync::cli {
namespace {

std::size_t width_of(const std::vector<std::string>& words) {
    std::size_t width = 0;
    for (const auto& word : words) width = std::max(width, word.size());
    return width;
}

boost::json::object summary(const Platform& platform) {
    return {{"name", platform.name},         {"type", to_string(platform.type)},
            {"region", platform.region},     {"auth", to_string(platform.auth.method)},
            {"endpoint", platform.endpoint}, {"defaults", platform.defaults}};
}

boost::json::object report_json(const Platform& platform, const ConnectionReport& report) {
    boost::json::array checks;
    for (const auto& check : report.checks) {
        checks.push_back(boost::json::object{{"name", check.name},
                                             {"passed", check.passed},
                                             {"detail", check.detail},
                                             {"remedy", check.remedy}});
    }
    return {{"platform", platform.name},   {"passed", report.passed()},
            {"checks", std::move(checks)}, {"caller_arn", report.caller_arn},
            {"account", report.account},   {"credentials_source", report.credentials_source}};
}

void print_report(const ConnectionReport& report, Output& output) {
    for (const auto& check : report.checks) {
        std::string mark = check.passed ? output.paint(Colour::green, "✓") : output.paint(Colour::red, "✗");
        output.result(fmt::format("{} {}{}", mark, printable(check.name),
                                  check.detail.empty() ? "" : ": " + printable(check.detail)));
        if (!check.passed && !check.remedy.empty()) output.result("  what to do: " + printable(check.remedy));
    }
}

// Unreachable and refused are told apart; a check that says no more counts as refused.
int exit_code_of(const ConnectionReport& report) {
    int code = exit_success;
    for (const auto& check : report.checks) {
        if (check.passed || code == exit_refused) continue;
        Error error = make_error(check.failure.value_or(ErrorKind::rejected), "", "");
        code = polysync::cli::exit_code_of(error);
        // Only the first check makes no call: what it lacks is the user's to set.
        if (code == exit_bad_input && check.name != "credentials") code = exit_refused;
    }
    return code;
}

// A platform that names a default queue needs no other for jobs that are named.
PolicyScope scope_of(const PlatformPolicyCommand& command, const Platform& platform) {
    PolicyScope scope;
    scope.account = command.account;
    scope.external_ids = command.jobs;
    scope.queues = command.queues;
    const auto* queue = platform.defaults.if_contains("default_job_queue");
    if (scope.queues.empty() && !scope.external_ids.empty() && queue && queue->is_string())
        scope.queues.emplace_back(queue->get_string());
    return scope;
}

// Of the token that the platform would use here; where there is none (the policy is often written elsewhere),
// the document has <…> in their place.
Async<TokenClaims> claims_of(Context& context, const Platform& platform) {
    auto inspection = co_await context.services.inspect_token(platform);
    if (inspection) co_return std::move(inspection.value().claims);
    context.output.note(
        printable("no token of this platform can be read here: " + inspection.error().message));
    co_return TokenClaims{};
}

}  // namespace

Async<int> list_platforms(Context& context) {
    auto platforms = load_platforms(context.global.file, context.output);
    if (!platforms) co_return exit_bad_input;
    if (context.output.json()) {
        boost::json::array list;
        for (const auto& platform : *platforms) list.push_back(summary(platform));
        context.output.json_result(boost::json::value(std::move(list)));
        co_return exit_success;
    }
    std::vector<std::string> names{"NAME"}, types{"TYPE"}, regions{"REGION"}, methods{"AUTH"};
    for (const auto& platform : *platforms) {
        names.push_back(platform.name);
        types.emplace_back(to_string(platform.type));
        regions.push_back(platform.region);
        methods.emplace_back(to_string(platform.auth.method));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::string endpoint = i == 0 ? "" : (*platforms)[i - 1].endpoint;
        std::string line =
            fmt::format("{:<{}}  {:<{}}  {:<{}}  {:<{}}  {}", names[i], width_of(names), types[i],
                        width_of(types), regions[i], width_of(regions), methods[i], width_of(methods),
                        i == 0             ? "ENDPOINT"
                        : endpoint.empty() ? "AWS"
                                           : endpoint);
        context.output.result(i == 0 ? context.output.paint(Colour::bold, line) : line);
    }
    co_return exit_success;
}

Async<int> test_platform(Context& context, PlatformTestCommand command) {
    Connected connected = connect(context, command.platform);
    if (!connected.provider) co_return connected.exit_code;
    ConnectionReport report = co_await connected.provider->test_connection();
    if (context.output.json()) {
        context.output.json_result(boost::json::value(report_json(connected.provider->platform(), report)));
    } else {
        print_report(report, context.output);
    }
    co_return exit_code_of(report);
}

Async<int> print_policy(Context& context, PlatformPolicyCommand command) {
    auto platform = find_platform(context.global.file, command.platform, context.output);
    if (!platform) co_return exit_bad_input;
    PolicyDocument policy;
    if (command.trust) {
        TokenClaims claims;
        if (platform->auth.method == AuthMethod::web_identity)
            claims = co_await claims_of(context, *platform);
        auto trust = make_trust_policy(*platform, claims);
        if (!trust) {
            context.output.error(trust.error());
            co_return polysync::cli::exit_code_of(trust.error());
        }
        policy = std::move(trust.value());
    } else {
        policy = make_policy(*platform, scope_of(command, *platform));
    }
    context.output.result(pretty_json(policy.document));
    for (const auto& note : policy.notes) context.output.note(printable(note));
    co_return exit_success;
}

}  // namespace polysync::cli
