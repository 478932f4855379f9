#include "provider/connection_check.h"

#include <fmt/format.h>

#include "aws/auth/credentials.h"
#include "aws/core/connection.h"
#include "aws/sts/client.h"
#include "provider/arn.h"
#include "provider/diagnoses.h"

namespace polysync {

namespace {

ConnectionCheck passed(std::string name, std::string detail) {
    ConnectionCheck check;
    check.name = std::move(name);
    check.passed = true;
    check.detail = std::move(detail);
    return check;
}

ConnectionCheck failed(std::string name, const Error& error) {
    ConnectionCheck check;
    check.name = std::move(name);
    check.detail = error.describe();
    check.remedy = error.remedy;
    check.failure = error.kind;
    return check;
}

DiagnosisContext context_of(const Platform& platform, const std::string& account) {
    DiagnosisContext context;
    context.partition = partition_of(platform.region);
    context.region = platform.region;
    context.account = account;
    context.external_id = "*";
    return context;
}

std::string plain_duration(Millis time) {
    auto ms = time.count() < 0 ? -time.count() : time.count();
    if (ms < 10000) return fmt::format("{} ms", ms);
    if (ms < 600000) return fmt::format("{} s", ms / 1000);
    return fmt::format("{} min", ms / 60000);
}

std::string credentials_detail(const Platform& platform, const aws::Credentials& credentials,
                               SystemTime now) {
    std::string out =
        fmt::format("from {}", credentials.source.empty() ? "the configured source" : credentials.source);
    if (credentials.expiration) {
        out += fmt::format(", valid until {} ({} left)", format_iso8601(*credentials.expiration),
                           plain_duration(std::chrono::duration_cast<Millis>(*credentials.expiration - now)));
    }
    bool unused = platform.auth.method == AuthMethod::web_identity && !platform.auth.external_id.empty();
    if (unused) out += "; external_id is not used: AssumeRoleWithWebIdentity takes none";
    return out;
}

// "arn:aws:sts::1:assumed-role/r/s": which partition the caller is of must be the region's.
std::string partition_mismatch(const Platform& platform, std::string_view caller_arn) {
    Arn arn;
    if (!parse_arn(caller_arn, arn) || arn.partition == partition_of(platform.region)) return {};
    return fmt::format("; these credentials are of the partition {}, the region {} is in {}", arn.partition,
                       platform.region, partition_of(platform.region));
}

}  // namespace

ConnectionCheck check_clock(Millis offset) {
    constexpr Millis limit = std::chrono::minutes(4);
    constexpr Millis resolution = std::chrono::seconds(1);  // of the Date header
    bool behind = offset.count() > 0;
    std::string detail = offset < resolution && offset > -resolution
                             ? "this machine's clock agrees with AWS's to within a second"
                             : fmt::format("this machine's clock is {} {} AWS's", plain_duration(offset),
                                           behind ? "behind" : "ahead of");
    bool fine = offset < limit && offset > -limit;
    ConnectionCheck check = passed("clock", detail);
    check.passed = fine;
    if (!fine) {
        check.failure = ErrorKind::clock_skew;
        check.remedy =
            "Requests are signed with the corrected time, but synchronize the clock (chrony, "
            "systemd-timesyncd): credentials "
            "and schedules depend on it.";
    }
    return check;
}

ConnectionCheck check_token(const Platform& platform, const TokenInspection& token, SystemTime now) {
    const TokenClaims& claims = token.claims;
    auto audiences = expected_audiences(platform.auth, claims);
    std::string detail =
        fmt::format("{}: iss {}, aud {}", token.source.empty() ? "token" : token.source,
                    claims.issuer.empty() ? "(none)" : claims.issuer,
                    claims.audience.empty() ? "(none)" : fmt::format("{}", fmt::join(claims.audience, ", ")));
    if (!claims.authorized_party.empty()) detail += fmt::format(", azp {}", claims.authorized_party);
    detail += fmt::format(", sub {}", claims.subject.empty() ? "(none)" : claims.subject);
    if (!claims.object_id.empty()) detail += fmt::format(", oid {}", claims.object_id);
    if (token.expires_at) detail += fmt::format(", exp {}", format_iso8601(*token.expires_at));
    ConnectionCheck check = passed("web identity token", std::move(detail));
    std::string issuer = expected_issuer(platform.auth, claims);
    std::string needed = fmt::format(
        "IAM must hold an OIDC identity provider with the URL {} and the client ids {}, and the role's trust "
        "policy must allow "
        "sts:AssumeRoleWithWebIdentity for it with aud in {} and sub = {} (`polysync platform policy "
        "--trust` prints it)",
        issuer, fmt::join(audiences, ", "), fmt::join(audiences, ", "),
        claims.subject.empty() ? "the token's subject" : claims.subject);
    if (token.expires_at && *token.expires_at <= now) {
        check.remedy = "The token has expired: check that whatever writes or issues it still runs.";
    } else if (claims.issuer.empty() || claims.subject.empty() || claims.audience.empty()) {
        check.remedy = "STS needs iss, aud and sub in the token: this is not an OIDC token that it can take.";
    }
    check.passed = check.remedy.empty();
    if (!check.passed) check.failure = ErrorKind::credentials;
    check.detail += ". " + needed;
    return check;
}

// The claims come first: they are what a refused exchange is about.
Async<std::optional<ConnectionCheck>> inspect(const ProviderParts& parts) {
    if (parts.platform.auth.method != AuthMethod::web_identity || !parts.inspect_token)
        co_return std::nullopt;
    auto token = co_await parts.inspect_token();
    if (token) co_return check_token(parts.platform, token.value(), parts.clock->now());
    Error error = diagnose_error(parts.platform.type, token.error(), context_of(parts.platform, {}));
    co_return failed("web identity token", error);
}

Async<ConnectionReport> check_connection(ProviderParts parts, ServiceProbe probe) {
    ConnectionReport report;
    const Platform& platform = parts.platform;
    if (auto token = co_await inspect(parts)) report.checks.push_back(std::move(*token));
    auto credentials = co_await parts.connection->credentials()->get();
    if (!credentials) {
        Error error = diagnose_error(platform.type, credentials.error(), context_of(platform, {}));
        report.checks.push_back(failed("credentials", error));
        co_return report;
    }
    report.credentials_source = credentials.value()->source;
    report.checks.push_back(
        passed("credentials", credentials_detail(platform, *credentials.value(), parts.clock->now())));

    aws::StsClient sts(parts.connection);
    auto identity = co_await sts.get_caller_identity();
    if (identity) {
        report.caller_arn = identity.value().arn;
        report.account = identity.value().account;
        parts.connection->set_account(report.account);
        auto mismatch = partition_mismatch(platform, report.caller_arn);
        auto check = passed("identity",
                            fmt::format("{} in account {}{}", report.caller_arn, report.account, mismatch));
        check.passed = mismatch.empty();
        if (!check.passed)
            check.remedy =
                "Use credentials of the region's partition: accounts and keys do not reach across "
                "partitions.";
        report.checks.push_back(std::move(check));
    } else {
        Error error = diagnose_error(platform.type, identity.error(), context_of(platform, {}));
        report.checks.push_back(failed("identity", error));
    }

    auto answer = co_await probe.call();
    if (answer) {
        report.checks.push_back(passed(probe.permission, fmt::format("allowed in {}", platform.region)));
    } else {
        Error error = diagnose_error(platform.type, answer.error(), context_of(platform, report.account));
        report.checks.push_back(failed(probe.permission, error));
    }

    report.clock_offset = parts.connection->clock_offset();
    if (report.clock_offset) report.checks.push_back(check_clock(*report.clock_offset));
    co_return report;
}

}  // namespace polysync
