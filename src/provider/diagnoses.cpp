#include "provider/diagnoses.h"

#include <algorithm>

#include <fmt/format.h>

#include "provider/arn.h"
#include "provider/diagnosis_rules.h"

namespace polysync {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

std::string_view without_suffix(std::string_view code) {
    constexpr std::string_view suffix = "Exception";
    if (code.size() > suffix.size() && code.ends_with(suffix)) code.remove_suffix(suffix.size());
    return code;
}

bool is_access_denied(std::string_view code) {
    return code == "AccessDenied" || code == "NotAuthorized" || code == "UnauthorizedOperation" ||
           code == "AuthorizationError";
}

std::string known_or(std::string_view value, std::string_view placeholder) {
    return std::string(value.empty() ? placeholder : value);
}

ArnPlace place_of(const DiagnosisContext& context) {
    return {context.partition, known_or(context.region, "<region>"), known_or(context.account, "<account>")};
}

std::string_view iam_prefix(PlatformType type) {
    switch (type) {
        case PlatformType::aws_glue:
            return "glue";
        case PlatformType::aws_batch:
            return "batch";
        case PlatformType::aws_sagemaker:
            return "sagemaker";
        case PlatformType::aws_step_functions:
            return "states";
    }
    return "";
}

// The text from `start` to the first of the words that can follow in AWS's sentence.
std::string_view until(std::string_view text, std::initializer_list<std::string_view> ends) {
    for (auto end : ends) {
        if (auto at = text.find(end); at != std::string_view::npos) text = text.substr(0, at);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '.' || text.back() == '"'))
        text.remove_suffix(1);
    return text;
}

std::string where_to_allow(std::string_view because, std::string_view action) {
    if (contains_word(because, "service control policy")) {
        return "A service control policy of the organization denies it: an administrator of the organization "
               "must allow it there.";
    }
    if (contains_word(because, "resource control policy")) {
        return "A resource control policy of the organization denies it: an administrator of the "
               "organization must allow it there.";
    }
    if (contains_word(because, "permissions boundary")) {
        return fmt::format("The principal's permissions boundary must allow {} as well as its policy.",
                           action);
    }
    if (contains_word(because, "session policy")) {
        return fmt::format("The session policy that was passed when the role was assumed must allow {} too.",
                           action);
    }
    if (contains_word(because, "VPC endpoint policy")) {
        return fmt::format("The VPC endpoint's policy must allow {} too.", action);
    }
    if (contains_word(because, "explicit deny"))
        return "A Deny statement of a policy forbids it: remove or narrow that statement.";
    return "`polysync platform policy` prints the whole policy; a change in IAM can take some minutes to "
           "hold.";
}

std::string assume_role_remedy(const DeniedPermission& denied) {
    std::string role = known_or(denied.resource, "the role");
    return fmt::format(
        "{} may not be assumed: its trust policy must allow {} for {}, the caller needs a policy that allows "
        "it, and an external id and the web identity token's aud and sub (or oid) must be those that the "
        "trust policy demands. `polysync platform policy --trust` prints a trust policy.",
        role, known_or(denied.action, "sts:AssumeRole"), known_or(denied.principal, "the caller"));
}

std::string access_denied_remedy(PlatformType type, const Error& error, const DiagnosisContext& context) {
    auto denied = parse_denied_permission(error.message);
    bool from_sts = error.service == "sts" || denied.action.starts_with("sts:");
    if (from_sts) return assume_role_remedy(denied);
    std::string action = denied.action;
    if (action.empty()) {
        std::string_view prefix = error.service.empty() ? iam_prefix(type) : std::string_view(error.service);
        action = fmt::format("{}:{}", prefix, known_or(error.operation, "*"));
    }
    std::string principal = known_or(denied.principal, "the caller");
    if (action == "iam:PassRole") {
        return fmt::format(
            "Allow iam:PassRole on {} for {} (the role that the job definition runs under), and its "
            "condition "
            "iam:PassedToService, if there is one, must hold the service.",
            known_or(denied.resource, "the job's role"), principal);
    }
    std::string resource = denied.resource;
    // "*" is what AWS names for calls without resource-level permissions; those need "*" indeed.
    if (resource.empty()) {
        ArnPlace place = place_of(context);
        resource = job_arn(type, place, known_or(context.external_id, "<job>"));
        if (type == PlatformType::aws_batch && error.operation == "SubmitJob") {
            resource += " and " + batch_queue_arn(place, known_or(context.queue, "<queue>"));
        }
    }
    std::string also;
    if (type == PlatformType::aws_batch && error.operation == "SubmitJob") {
        also =
            " If that is in place, iam:PassRole on the definition's job role is missing, or "
            "batch:TagResource where tags are sent.";
    }
    return fmt::format("Allow {} on {} for {}. {}{}", action, resource, principal,
                       where_to_allow(denied.because, action), also);
}

bool is_throttling_code(std::string_view code) {
    static constexpr std::string_view codes[] = {"Throttling",
                                                 "Throttled",
                                                 "RequestThrottled",
                                                 "TooManyRequests",
                                                 "RequestLimitExceeded",
                                                 "SlowDown",
                                                 "BandwidthLimitExceeded",
                                                 "LimitExceeded",
                                                 "PriorRequestNotComplete",
                                                 "EC2Throttled",
                                                 "ProvisionedThroughputExceeded",
                                                 "TransactionInProgress"};
    return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

// An outcome that may have had an effect stays what it is: a code in a lost answer proves nothing.
bool may_change_kind(ErrorKind kind) {
    return kind != ErrorKind::unclear && kind != ErrorKind::transient && kind != ErrorKind::cancelled &&
           kind != ErrorKind::clock_skew;
}

void apply(Error& error, std::optional<ErrorKind> kind, std::string remedy) {
    if (kind && may_change_kind(error.kind)) error.kind = *kind;
    if (error.remedy.empty()) error.remedy = std::move(remedy);
}

const ErrorRule* find_rule(PlatformType type, std::string_view code, std::string_view message) {
    for (const auto& rule : error_rules()) {
        if (rule.type && *rule.type != type) continue;
        if (!rule.code.empty() && rule.code != code) continue;
        if (!rule.message_part.empty() && !contains_word(message, rule.message_part)) continue;
        return &rule;
    }
    return nullptr;
}

bool is_waiting_status(std::string_view status) {
    return status == "RUNNABLE" || status == "PENDING" || status == "WAITING";
}

const RunRule* find_rule(PlatformType type, const PipelineRun& run) {
    for (const auto& rule : run_rules()) {
        if (rule.type && *rule.type != type) continue;
        if (!rule.aws_status.empty() && rule.aws_status != run.aws_status) continue;
        if (!rule.message_part.empty() && !contains_word(run.code, rule.message_part) &&
            !contains_word(run.message, rule.message_part)) {
            continue;
        }
        return &rule;
    }
    return nullptr;
}

std::string exit_code_remedy(int exit_code) {
    switch (exit_code) {
        case 126:
            return "The command is not executable (exit code 126): check its mode and the image's platform.";
        case 127:
            return "The command was not found in the image (exit code 127): check the command and the image.";
        case 134:
            return "The program aborted (exit code 134): read its log.";
        case 137:
            return "The container was killed (exit code 137), most often for want of memory: raise "
                   "memory_mib.";
        case 139:
            return "The program crashed with a segmentation fault (exit code 139): read its log.";
        case 143:
            return "The container was asked to stop (exit code 143, SIGTERM).";
        default:
            return {};
    }
}

}  // namespace

bool contains_word(std::string_view text, std::string_view part) {
    auto same = [](char a, char b) { return lower(a) == lower(b); };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

std::string fill_remedy(std::string_view remedy, PlatformType type, std::string_view operation,
                        const DiagnosisContext& context) {
    ArnPlace place = place_of(context);
    std::string out;
    out.reserve(remedy.size() + 64);
    std::size_t at = 0;
    while (at < remedy.size()) {
        auto open = remedy.find('{', at);
        auto close = open == std::string_view::npos ? open : remedy.find('}', open);
        if (close == std::string_view::npos) break;
        out += remedy.substr(at, open - at);
        auto word = remedy.substr(open + 1, close - open - 1);
        if (word == "job")
            out += known_or(context.external_id, "<job>");
        else if (word == "job_arn")
            out += job_arn(type, place, known_or(context.external_id, "<job>"));
        else if (word == "queue")
            out += known_or(context.queue, "<queue>");
        else if (word == "queue_arn")
            out += batch_queue_arn(place, known_or(context.queue, "<queue>"));
        else if (word == "region")
            out += place.region;
        else if (word == "account")
            out += place.account;
        else if (word == "operation")
            out += operation;
        at = close + 1;
    }
    out += remedy.substr(at);
    return out;
}

DeniedPermission parse_denied_permission(std::string_view message) {
    DeniedPermission out;
    auto after = [&](std::string_view word) {
        auto at = message.find(word);
        return at == std::string_view::npos ? std::string_view() : message.substr(at + word.size());
    };
    constexpr std::size_t longest = 2048;  // an ARN's limit; the message is outside data
    auto keep = [](std::string_view part) { return std::string(part.substr(0, longest)); };
    out.principal = keep(until(after("User: "), {" is not authorized"}));
    if (!out.principal.starts_with("arn:")) out.principal.clear();
    out.action =
        keep(until(after("not authorized to perform: "), {" on ", " because", " with an explicit", ","}));
    out.resource = keep(until(after("on resource: "), {" because", " with an explicit", " as "}));
    if (auto because = after(" because "); !because.empty())
        out.because = keep(because);
    else if (auto deny = message.find("with an explicit deny"); deny != std::string_view::npos)
        out.because = keep(message.substr(deny));
    return out;
}

Error diagnose_error(PlatformType type, Error error, const DiagnosisContext& context) {
    std::string_view code = without_suffix(error.code);
    if (is_access_denied(code)) {
        apply(error, ErrorKind::access_denied, access_denied_remedy(type, error, context));
        return error;
    }
    if (is_throttling_code(code) || error.kind == ErrorKind::throttled) {
        apply(error, ErrorKind::throttled,
              fmt::format("Account {} has too many requests in {} just now, from any tool together. The call "
                          "had no effect "
                          "and is repeated later.",
                          known_or(context.account, "<account>"), known_or(context.region, "<region>")));
        return error;
    }
    if (const ErrorRule* rule = find_rule(type, code, error.message)) {
        std::string remedy = fill_remedy(rule->remedy, type, error.operation, context);
        apply(error, rule->kind, std::move(remedy));
        return error;
    }
    if (error.kind == ErrorKind::access_denied) {
        apply(error, {}, access_denied_remedy(type, error, context));
    } else if (error.kind == ErrorKind::clock_skew) {
        apply(error, {},
              "This machine's clock is off by more than AWS accepts (5 minutes). Synchronize it (chrony, "
              "systemd-timesyncd).");
    }
    return error;
}

bool is_infrastructure_loss(PlatformType type, const PipelineRun& run) {
    if (run.status != PipelineRunStatus::failed) return false;
    const RunRule* rule = find_rule(type, run);
    return rule && rule->infrastructure;
}

std::string diagnose_run(PlatformType type, const PipelineRun& run, const DiagnosisContext& context) {
    if (run.status == PipelineRunStatus::cancelled) return {};
    if (run.status == PipelineRunStatus::success) {
        if (run.outputs_note.empty() || type != PlatformType::aws_step_functions) return {};
        return "Outputs are filled from the execution's output only when it is one JSON object at its root, "
               "the parameter's "
               "direction is Output or InputOutput, and its name equals one of the object's top-level names "
               "(ignoring case).";
    }
    if (!is_terminal(run.status)) {
        if (!is_waiting_status(run.aws_status)) return {};
        bool reason_known =
            run.message.find(':') != std::string::npos &&
            (contains_word(run.message, "MISCONFIGURATION:") || contains_word(run.message, "CAPACITY:"));
        if (!reason_known && context.waited.value_or(Millis(0)) < waiting_is_long) return {};
    }
    if (const RunRule* rule = find_rule(type, run)) {
        std::string remedy = fill_remedy(rule->remedy, type, {}, context);
        // A time-out or a lost host kills the container too: its exit code says nothing then.
        bool by_itself =
            rule->message_part.starts_with("Essential") || rule->message_part.starts_with("CannotStart");
        if (type == PlatformType::aws_batch && run.exit_code && by_itself) {
            std::string more = exit_code_remedy(*run.exit_code);
            bool said = remedy.find(fmt::format("exit code {}", *run.exit_code)) != std::string::npos;
            if (!more.empty() && !said) remedy = more + " " + remedy;
        }
        return remedy;
    }
    return run.exit_code ? exit_code_remedy(*run.exit_code) : std::string();
}

}  // namespace polysync
