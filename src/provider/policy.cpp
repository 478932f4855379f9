#include "provider/policy.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "provider/arn.h"

namespace polysync {

namespace json = boost::json;

namespace {

using Strings = std::vector<std::string>;

json::array to_array(const Strings& values) { return json::array(values.begin(), values.end()); }

json::object statement(std::string_view sid, const Strings& actions, const Strings& resources) {
    json::object out;
    out["Sid"] = sid;
    out["Effect"] = "Allow";
    out["Action"] = to_array(actions);
    out["Resource"] =
        resources.size() == 1 ? json::value(resources.front()) : json::value(to_array(resources));
    return out;
}

// IAM reads *, ? and ${ in a resource; names may hold them.
std::string escape_wildcards(std::string_view name) {
    std::string out;
    for (char c : name) {
        if (c == '*')
            out += "${*}";
        else if (c == '?')
            out += "${?}";
        else if (c == '$')
            out += "${$}";
        else
            out += c;
    }
    return out;
}

void add_unique(Strings& list, std::string value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

struct Builder {
    PlatformType type;
    ArnPlace place;
    const PolicyScope& scope;
    PolicyDocument out;

    void allow(std::string_view sid, const Strings& actions, const Strings& resources) {
        statements.push_back(statement(sid, actions, resources));
    }
    // One ARN per imported job; "*" in the job's place where nothing is imported.
    [[nodiscard]] Strings jobs() const {
        Strings list;
        for (const auto& id : scope.external_ids)
            add_unique(list, job_arn(type, place, escape_wildcards(id)));
        if (list.empty()) list.push_back(job_arn(type, place, "*"));
        return list;
    }
    [[nodiscard]] std::string log_group(std::string_view name) const {
        return fmt::format("arn:{}:logs:{}:{}:log-group:{}", place.partition, place.region, place.account,
                           name);
    }
    json::array statements;
};

void glue_policy(Builder& builder) {
    builder.allow("DiscoverNeedsStar", {"glue:ListJobs", "glue:GetJobs"}, {"*"});
    Strings jobs = builder.jobs();
    builder.allow("ReadJobsAndRuns",
                  {"glue:GetJob", "glue:BatchGetJobs", "glue:GetJobRun", "glue:GetJobRuns"}, jobs);
    builder.allow("StartAndStop", {"glue:StartJobRun", "glue:BatchStopJobRun"}, jobs);
    builder.allow("ReadLogs", {"logs:FilterLogEvents", "logs:GetLogEvents"},
                  {builder.log_group("/aws-glue/*"), builder.log_group("/aws-glue/*:log-stream:*")});
    builder.out.notes.emplace_back(
        "Logs are read from /aws-glue/*; a job with --custom-logGroup-prefix or --continuous-log-logGroup "
        "writes elsewhere: "
        "add its group to the statement ReadLogs.");
    builder.out.notes.emplace_back(
        "What the job itself needs (its script in S3, its data sources, its connections) belongs to the IAM "
        "role on the Glue job, not here.");
}

void batch_policy(Builder& builder) {
    // None of these takes a resource (Service Authorization Reference).
    builder.allow(
        "ReadNeedsStar",
        {"batch:DescribeJobQueues", "batch:DescribeJobDefinitions", "batch:DescribeJobs", "batch:ListJobs"},
        {"*"});
    // SubmitJob is checked against the definition and the queue; a bare name stands for all its revisions.
    Strings submit;
    for (const auto& arn : builder.jobs()) {
        add_unique(submit, arn);
        auto name = arn.substr(arn.find("job-definition/"));
        bool pinned = name.find(':') != std::string::npos;
        if (!pinned && !arn.ends_with('*')) add_unique(submit, arn + ":*");
    }
    for (const auto& queue : builder.scope.queues) add_unique(submit, batch_queue_arn(builder.place, queue));
    if (builder.scope.queues.empty()) submit.push_back(batch_queue_arn(builder.place, "*"));
    builder.allow("Submit", {"batch:SubmitJob"}, submit);
    // A job's ARN ends in its random id, so neither call can be narrowed to a definition.
    std::string any_job = fmt::format("arn:{}:batch:{}:{}:job/*", builder.place.partition,
                                      builder.place.region, builder.place.account);
    builder.allow("StopAndTag", {"batch:TerminateJob", "batch:TagResource"}, {any_job});
    Strings roles = builder.scope.roles;
    if (roles.empty())
        roles.push_back(fmt::format("arn:{}:iam::{}:role/*", builder.place.partition, builder.place.account));
    builder.allow("PassJobRole", {"iam:PassRole"}, roles);
    json::object& pass = builder.statements.back().as_object();
    pass["Condition"] = {{"StringEquals", {{"iam:PassedToService", "ecs-tasks.amazonaws.com"}}}};
    builder.allow("ReadLogs", {"logs:FilterLogEvents", "logs:GetLogEvents"},
                  {builder.log_group("/aws/batch/job"), builder.log_group("/aws/batch/job:*")});
    if (builder.scope.roles.empty()) {
        builder.out.notes.emplace_back(
            "PassJobRole: put the ARNs of the definitions' job roles in the place of role/*; without job "
            "roles the statement can go.");
    }
    builder.out.notes.emplace_back(
        "Logs are read from /aws/batch/job; add the groups that definitions name in awslogs-group.");
    builder.out.notes.emplace_back(
        "What the container needs (S3, ECR pulls, CloudWatch Logs, Secrets Manager) belongs to the "
        "definition's job role and execution role, not here.");
}

void sagemaker_policy(Builder& builder) {
    builder.allow("DiscoverNeedsStar", {"sagemaker:ListPipelines"}, {"*"});
    // ARNs spell the name in lower case; whether IAM compares that or the name as written is not documented,
    // so both stand here.
    Strings pipelines = builder.jobs();
    for (const auto& id : builder.scope.external_ids) {
        if (id.starts_with("arn:")) continue;
        add_unique(pipelines, fmt::format("arn:{}:sagemaker:{}:{}:pipeline/{}", builder.place.partition,
                                          builder.place.region, builder.place.account, escape_wildcards(id)));
    }
    Strings executions;
    for (const auto& arn : pipelines) executions.push_back(arn + "/execution/*");
    builder.allow("ReadAndStart",
                  {"sagemaker:DescribePipeline", "sagemaker:ListPipelineExecutions",
                   "sagemaker:StartPipelineExecution"},
                  pipelines);
    builder.allow("FollowAndStop",
                  {"sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps",
                   "sagemaker:StopPipelineExecution"},
                  executions);
    builder.out.notes.emplace_back(
        "No iam:PassRole: StartPipelineExecution takes no role, the pipeline runs under its own.");
    builder.out.notes.emplace_back(
        "What the steps need (S3, ECR, CloudWatch Logs, Model Registry) belongs to the pipeline's own "
        "execution role, not here.");
}

void step_functions_policy(Builder& builder) {
    builder.allow("DiscoverNeedsStar", {"states:ListStateMachines"}, {"*"});
    Strings machines;
    Strings executions;
    Strings express;
    for (const auto& arn : builder.jobs()) {
        add_unique(machines, arn);
        Arn parts;
        if (!parse_arn(arn, parts)) continue;
        // stateMachine:NAME, with :VERSION or :ALIAS behind it; executions carry the plain name.
        constexpr std::string_view prefix = "stateMachine:";
        auto name = parts.resource.substr(std::min(prefix.size(), parts.resource.size()));
        auto colon = name.find(':');
        if (colon != std::string_view::npos) {
            add_unique(machines, arn.substr(0, arn.size() - (name.size() - colon)));
            name = name.substr(0, colon);
        }
        auto base = fmt::format("arn:{}:states:{}:{}", parts.partition, parts.region, parts.account);
        add_unique(executions, fmt::format("{}:execution:{}:*", base, name));
        add_unique(express, fmt::format("{}:express:{}:*", base, name));
    }
    builder.allow("ReadAndStart",
                  {"states:DescribeStateMachine", "states:ListExecutions", "states:StartExecution",
                   "states:StartSyncExecution"},
                  machines);
    Strings all_executions = executions;
    all_executions.insert(all_executions.end(), express.begin(), express.end());
    builder.allow("FollowAndStop",
                  {"states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"},
                  all_executions);
    builder.allow("ReadExpressLogs", {"logs:FilterLogEvents"},
                  {builder.log_group("*"), builder.log_group("*:log-stream:*")});
    builder.out.notes.emplace_back(
        "ReadExpressLogs: how an Express execution ended stands only in its state machine's log group; put "
        "that group's name in the place of the '*', "
        "or leave the statement out where there are no Express state machines.");
    builder.out.notes.emplace_back(
        "State machines and log groups under a customer-managed KMS key need kms:Decrypt (and "
        "kms:GenerateDataKey to start) on that key as well.");
    builder.out.notes.emplace_back(
        "What the states call (Lambda, Glue, S3 …) belongs to the state machine's own role, not here.");
}

void add_scope_notes(Builder& builder) {
    auto& notes = builder.out.notes;
    if (builder.scope.account.empty()) {
        notes.emplace_back(
            "The account is not known, so the ARNs hold '*' in its place: name it with --account "
            "(`polysync platform test` shows it).");
    }
    if (builder.scope.external_ids.empty()) {
        notes.emplace_back(
            "No jobs are named, so start and stop calls are allowed on all of them: name the jobs to narrow "
            "this down.");
    }
    constexpr std::size_t managed_policy_limit = 6144;  // characters without white space (IAM quota)
    std::size_t size = json::serialize(builder.out.document).size();
    if (size > managed_policy_limit) {
        notes.push_back(
            fmt::format("The document has {} characters; a managed policy may have {}. Split it, or scope it "
                        "by name prefixes.",
                        size, managed_policy_limit));
    }
}

void add_auth_notes(Builder& builder, const AuthConfig& auth) {
    auto& notes = builder.out.notes;
    if (auth.method == AuthMethod::assume_role && !auth.role_arn.empty()) {
        notes.push_back(fmt::format(
            "This policy belongs to {}. The bootstrap identity needs sts:AssumeRole on it and nothing else.",
            auth.role_arn));
    } else if (auth.method == AuthMethod::web_identity && !auth.role_arn.empty()) {
        notes.push_back(
            fmt::format("This policy belongs to {}; `--trust` prints the trust policy that lets the workload "
                        "identity become it.",
                        auth.role_arn));
    }
    for (const auto& step : auth.assume) {
        notes.push_back(
            fmt::format("`assume`: the identity before it needs sts:AssumeRole on {}; this policy belongs to "
                        "the last role.",
                        step.role_arn));
    }
}

bool is_entra(TokenSource source) { return source != TokenSource::file; }

std::string without_scheme(std::string_view issuer) {
    constexpr std::string_view scheme = "https://";
    if (issuer.starts_with(scheme)) issuer.remove_prefix(scheme.size());
    return std::string(issuer);
}

json::object policy_document(json::array statements) {
    json::object out;
    out["Version"] = "2012-10-17";
    out["Statement"] = std::move(statements);
    return out;
}

json::value one_or_list(const Strings& values) {
    return values.size() == 1 ? json::value(values.front()) : json::value(to_array(values));
}

PolicyDocument web_identity_trust(const Platform& platform, const TokenClaims& claims) {
    PolicyDocument out;
    const AuthConfig& auth = platform.auth;
    Arn role;
    bool role_known = parse_arn(auth.role_arn, role);
    std::string partition(role_known ? role.partition : partition_of(platform.region));
    std::string account(role_known ? role.account : "<account>");
    // IAM drops the scheme and nothing else: a v1.0 Entra issuer (https://sts.windows.net/TENANT/) keeps its
    // last slash in the provider's ARN and in the condition keys.
    std::string issuer = without_scheme(expected_issuer(auth, claims));
    std::string subject = claims.subject;
    if (subject.empty()) subject = claims.object_id;
    if (subject.empty()) {
        subject = "<subject of the token>";
        out.notes.emplace_back(
            "The token's subject is not known: `polysync platform test` shows it (sub). A trust policy "
            "without a subject lets in every workload of that issuer.");
    }
    if (issuer.starts_with('<')) {
        out.notes.emplace_back(
            "The token's issuer is not known: `polysync platform test` shows it (iss); on Kubernetes it is "
            "the cluster's OIDC issuer URL.");
    }
    json::object equals;
    equals[issuer + ":aud"] = one_or_list(expected_audiences(auth, claims));
    equals[issuer + ":sub"] = subject;
    json::object allow;
    allow["Sid"] = "PolysyncWorkloadIdentity";
    allow["Effect"] = "Allow";
    allow["Principal"] = {
        {"Federated", fmt::format("arn:{}:iam::{}:oidc-provider/{}", partition, account, issuer)}};
    allow["Action"] = "sts:AssumeRoleWithWebIdentity";
    allow["Condition"] = {{"StringEquals", std::move(equals)}};
    out.document = policy_document({std::move(allow)});
    out.notes.push_back(
        fmt::format("The account needs an IAM OIDC identity provider with the URL {} and the client ids {}.",
                    expected_issuer(auth, claims), fmt::join(expected_audiences(auth, claims), ", ")));
    if (is_entra(auth.token_source)) {
        out.notes.emplace_back(
            "In an Entra application's token sub equals oid, the object id of the service principal or "
            "managed identity; IAM compares sub.");
    }
    if (!auth.external_id.empty()) {
        out.notes.emplace_back(
            "external_id is not used: AssumeRoleWithWebIdentity takes none, so the trust policy must not "
            "demand one.");
    }
    return out;
}

PolicyDocument assume_role_trust(const Platform& platform, const std::string& caller_arn) {
    PolicyDocument out;
    json::object allow;
    allow["Sid"] = "PolysyncBootstrapIdentity";
    allow["Effect"] = "Allow";
    allow["Principal"] = {
        {"AWS", caller_arn.empty() ? std::string("<ARN of the bootstrap identity>") : caller_arn}};
    allow["Action"] = "sts:AssumeRole";
    if (!platform.auth.external_id.empty()) {
        allow["Condition"] = {{"StringEquals", {{"sts:ExternalId", platform.auth.external_id}}}};
    } else {
        out.notes.emplace_back(
            "Where the role is in another party's account, demand an external id (sts:ExternalId) and set "
            "external_id.");
    }
    if (caller_arn.empty())
        out.notes.emplace_back(
            "Put the ARN of the user or role that the bootstrap access key belongs to in the place of <…>.");
    out.document = policy_document({std::move(allow)});
    return out;
}

}  // namespace

PolicyDocument make_policy(const Platform& platform, const PolicyScope& given) {
    PolicyScope scope = given;
    if (scope.account.empty()) scope.account = account_of_role(platform.auth);
    Builder builder{platform.type,
                    {std::string(partition_of(platform.region)), platform.region,
                     scope.account.empty() ? "*" : scope.account},
                    scope,
                    {},
                    {}};
    switch (platform.type) {
        case PlatformType::aws_glue:
            glue_policy(builder);
            break;
        case PlatformType::aws_batch:
            batch_policy(builder);
            break;
        case PlatformType::aws_sagemaker:
            sagemaker_policy(builder);
            break;
        case PlatformType::aws_step_functions:
            step_functions_policy(builder);
            break;
    }
    builder.out.document = policy_document(std::move(builder.statements));
    add_scope_notes(builder);
    add_auth_notes(builder, platform.auth);
    builder.out.notes.emplace_back(
        "sts:GetCallerIdentity, which the connection test calls, needs no permission.");
    return std::move(builder.out);
}

std::string expected_issuer(const AuthConfig& auth, const TokenClaims& claims) {
    if (!claims.issuer.empty()) return claims.issuer;
    if (is_entra(auth.token_source) && !auth.tenant_id.empty()) {
        std::string host =
            auth.authority_host.empty() ? "https://login.microsoftonline.com" : auth.authority_host;
        while (host.ends_with('/')) host.pop_back();
        return fmt::format("{}/{}/v2.0", host, auth.tenant_id);
    }
    return "<issuer of the token>";
}

std::vector<std::string> expected_audiences(const AuthConfig& auth, const TokenClaims& claims) {
    Strings out;
    for (const auto& audience : claims.audience) add_unique(out, audience);
    if (!claims.authorized_party.empty()) add_unique(out, claims.authorized_party);
    if (out.empty() && !auth.audience.empty()) out.push_back(auth.audience);
    if (out.empty() && is_entra(auth.token_source))
        out.push_back(auth.client_id.empty() ? "<client id of the application>" : auth.client_id);
    if (out.empty()) out.emplace_back("sts.amazonaws.com");
    return out;
}

Result<PolicyDocument> make_trust_policy(const Platform& platform, const TokenClaims& claims,
                                         const std::string& caller_arn) {
    switch (platform.auth.method) {
        case AuthMethod::web_identity:
            return web_identity_trust(platform, claims);
        case AuthMethod::assume_role:
            return assume_role_trust(platform, caller_arn);
        default:
            return make_error(
                ErrorKind::invalid_input, "no_role",
                fmt::format(
                    "platform '{}' uses {}, which assumes no role of its own, so there is no trust policy",
                    platform.name, to_string(platform.auth.method)),
                "Trust policies belong to web_identity and assume_role.");
    }
}

}  // namespace polysync
