#include "provider/diagnoses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provider/arn.h"
#include "provider/diagnosis_rules.h"

namespace polysync {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using K = ErrorKind;
constexpr auto glue = PlatformType::aws_glue;
constexpr auto batch = PlatformType::aws_batch;
constexpr auto sagemaker = PlatformType::aws_sagemaker;
constexpr auto states = PlatformType::aws_step_functions;

DiagnosisContext context() {
    DiagnosisContext out;
    out.region = "eu-west-1";
    out.account = "012345678901";
    out.external_id = "etl";
    out.queue = "main";
    return out;
}

struct ErrorCase {
    PlatformType type;
    K kind;
    const char* code;
    const char* message;
    K expected;
    const char* remedy;  // a part of it
};

// PLAT-6, PLAT-8: the last section of each seed, and the codes of aws-facts 1.5, 5.1, 6.
const ErrorCase error_cases[] = {
    {glue, K::rejected, "ConcurrentRunsExceededException", "Concurrent runs exceeded for etl", K::contention,
     "Maximum concurrency"},
    {glue, K::rejected, "ResourceNumberLimitExceededException", "", K::contention, "L-5E4153CA"},
    {glue, K::rejected, "InvalidInputException", "Arguments must start with --", K::rejected, "'--'"},
    {glue, K::rejected, "InvalidInputException", "Worker Type is not supported", K::rejected,
     "number_of_workers"},
    {glue, K::rejected, "InvalidInputException", "something", K::rejected, "--dry-run"},
    {glue, K::rejected, "EntityNotFoundException", "Job not found", K::not_found,
     "arn:aws:glue:eu-west-1:012345678901:job/etl"},
    {batch, K::rejected, "ClientException", "Queue does not exist", K::not_found,
     "arn:aws:batch:eu-west-1:012345678901:job-queue/main"},
    {batch, K::rejected, "ClientException", "Job definition etl does not exist", K::not_found,
     "ACTIVE revision"},
    {batch, K::rejected, "ClientException", "Job Queue main is in DISABLED state", K::rejected,
     "Enable the job queue"},
    {batch, K::rejected, "ClientException", "shareIdentifier must be set", K::rejected, "share_identifier"},
    {batch, K::rejected, "TooManyRequestsException", "Too Many Requests", K::throttled, "too many requests"},
    {sagemaker, K::rejected, "ResourceNotFound", "Pipeline 'etl' does not exist.", K::not_found,
     "arn:aws:sagemaker:eu-west-1:012345678901:pipeline/etl"},
    {sagemaker, K::rejected, "ValidationException", "Parameter 'n' has wrong type", K::rejected,
     "Integer, Float"},
    {sagemaker, K::rejected, "ValidationException", "Pipeline parameter [Month] has no default value",
     K::rejected, "give it a value"},
    {sagemaker, K::rejected, "ResourceLimitExceeded", "", K::contention, "Service Quotas"},
    {sagemaker, K::rejected, "ConflictException", "", K::conflict, "token"},
    {states, K::rejected, "StateMachineDoesNotExist", "", K::not_found, "stateMachine:etl"},
    {states, K::rejected, "StateMachineDoesNotExistException", "", K::not_found, "DescribeStateMachine"},
    {states, K::rejected, "InvalidExecutionInput", "", K::rejected, "well-formed JSON"},
    {states, K::rejected, "ExecutionLimitExceeded", "", K::contention, "1,000,000"},
    {states, K::rejected, "ExecutionAlreadyExists", "", K::conflict, "our own run"},
    {states, K::rejected, "ExecutionDoesNotExist", "", K::not_found, "90 days"},
    {states, K::rejected, "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'",
     K::unsupported, "execution_mode: sync"},
    {states, K::rejected, "StateMachineTypeNotSupported", "", K::unsupported, "EXPRESS"},
    {states, K::rejected, "KmsAccessDeniedException", "", K::access_denied, "kms:Decrypt"},
    {states, K::rejected, "KmsThrottlingException", "", K::throttled, "KMS"},
    {glue, K::rejected, "InvalidIdentityToken", "Incorrect token audience", K::credentials, "client id list"},
    {glue, K::rejected, "InvalidIdentityToken",
     "No OpenIDConnect provider found in your account for https://x", K::credentials,
     "create-open-id-connect-provider"},
    {glue, K::rejected, "InvalidIdentityToken", "Couldn't retrieve verification key", K::credentials,
     "thumbprint"},
    {glue, K::credentials, "ExpiredTokenException", "", K::credentials, "expired"},
    {glue, K::credentials, "UnrecognizedClientException", "", K::credentials, "access key id"},
    {batch, K::credentials, "SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2",
     K::clock_skew, "clock"},
    {batch, K::credentials, "InvalidSignatureException", "does not match", K::credentials,
     "secret access key"},
    {glue, K::rejected, "RegionDisabledException", "", K::rejected, "eu-west-1"},
    {glue, K::rejected, "ThrottlingException", "Rate exceeded", K::throttled, "012345678901"},
    {glue, K::unclear, "connection_lost", "reset", K::unclear, "--token"},
    {glue, K::transient, "connect_failed", "no such host", K::transient, "FIPS endpoint"},
    // A lost answer proves nothing, whatever its code says (SAFE-1).
    {glue, K::unclear, "ResourceNumberLimitExceededException", "", K::unclear, "quota"},
};

TEST(DiagnoseError, KnownErrorsHaveARemedyAndAKind) {
    for (const auto& c : error_cases) {
        SCOPED_TRACE(std::string(to_string(c.type)) + " " + c.code + " " + c.message);
        Error error = diagnose_error(c.type, make_error(c.kind, c.code, c.message), context());
        EXPECT_EQ(to_string(error.kind), to_string(c.expected));
        EXPECT_THAT(error.remedy, HasSubstr(c.remedy));
        EXPECT_THAT(error.remedy, Not(HasSubstr("{")));
        EXPECT_EQ(error.code, c.code);
        Error twice = diagnose_error(c.type, error, context());
        EXPECT_EQ(twice.remedy, error.remedy);
        EXPECT_EQ(twice.kind, error.kind);
    }
}

TEST(DiagnoseError, UnknownErrorsStayAsTheyCame) {
    Error error = diagnose_error(glue, make_error(K::rejected, "BrandNewException", "new"), context());
    EXPECT_TRUE(error.remedy.empty());
    EXPECT_EQ(error.kind, K::rejected);
    EXPECT_EQ(
        diagnose_error(glue, make_error(K::transient, "connect_failed", "", "set AWS_CA_BUNDLE")).remedy,
        "set AWS_CA_BUNDLE");
    EXPECT_THAT(diagnose_error(glue, make_error(K::rejected, "EntityNotFoundException", "")).remedy,
                HasSubstr("arn:aws:glue:<region>:<account>:job/<job>"));
}

// PLAT-6: AccessDenied names permission, resource and caller.
TEST(DiagnoseError, AccessDeniedNamesWhatAwsNames) {
    Error error = make_error(
        K::rejected, "AccessDeniedException",
        "User: arn:aws:iam::012345678901:user/ann is not authorized to perform: glue:StartJobRun on "
        "resource: arn:aws:glue:eu-west-1:012345678901:job/x because no identity-based policy allows the "
        "glue:StartJobRun action");
    error = diagnose_error(glue, error, context());
    EXPECT_EQ(error.kind, K::access_denied);
    EXPECT_THAT(error.remedy,
                HasSubstr("Allow glue:StartJobRun on arn:aws:glue:eu-west-1:012345678901:job/x for "
                          "arn:aws:iam::012345678901:user/ann."));
}

TEST(DiagnoseError, AccessDeniedIsCompletedFromTheCall) {
    Error error = make_error(K::access_denied, "AccessDeniedException", "Access denied");
    error.service = "batch";
    error.operation = "SubmitJob";
    error = diagnose_error(batch, error, context());
    EXPECT_THAT(error.remedy,
                HasSubstr("batch:SubmitJob on arn:aws:batch:eu-west-1:012345678901:job-definition/etl and "
                          "arn:aws:batch:eu-west-1:012345678901:job-queue/main"));
    EXPECT_THAT(error.remedy, HasSubstr("iam:PassRole"));

    error = make_error(K::rejected, "AccessDenied",
                       "User: arn:aws:iam::1:user/a is not authorized to perform: "
                       "sts:AssumeRole on resource: arn:aws:iam::1:role/r");
    error.service = "sts";
    error = diagnose_error(glue, error, context());
    EXPECT_THAT(error.remedy, HasSubstr("arn:aws:iam::1:role/r may not be assumed"));

    error = make_error(K::rejected, "AccessDeniedException",
                       "User: arn:aws:iam::1:user/a is not authorized to perform: iam:PassRole on resource: "
                       "arn:aws:iam::1:role/job "
                       "with an explicit deny in a service control policy");
    EXPECT_THAT(diagnose_error(batch, error).remedy, HasSubstr("iam:PassRole on arn:aws:iam::1:role/job"));
    error.message =
        "User: arn:aws:iam::1:user/a is not authorized to perform: states:ListStateMachines on resource: "
        "arn:aws:states:eu-west-1:1:stateMachine:* with an explicit deny in a service control policy";
    EXPECT_THAT(diagnose_error(states, error).remedy, HasSubstr("organization"));
}

struct RunCase {
    PlatformType type;
    PipelineRunStatus status;
    const char* aws_status;
    const char* code;
    const char* message;
    std::optional<int> exit_code;
    const char* remedy;  // a part of it; empty: none
    bool infrastructure = false;
};

constexpr auto failed = PipelineRunStatus::failed;
constexpr auto running = PipelineRunStatus::running;

const RunCase run_cases[] = {
    {glue, failed, "TIMEOUT", "", "", {}, "timeout_minutes"},
    {glue, failed, "EXPIRED", "", "", {}, "streaming"},
    {glue, failed, "FAILED", "", "Command failed with exit code 1", {}, "pipeline logs"},
    {glue, failed, "FAILED", "", "Internal service error : Rerun job.", {}, "repeated", true},
    {glue, failed, "FAILED", "", "SystemExit: 0", {}, "sys.exit"},
    {glue, failed, "FAILED", "", "AmazonS3Exception: Access Denied", {}, "own IAM role"},
    {batch, failed, "FAILED", "", "Essential container in task exited", 1, "Ref::NAME"},
    {batch, failed, "FAILED", "", "Essential container in task exited", 127, "not found in the image"},
    {batch, failed, "FAILED", "",
     "Essential container in task exited; OutOfMemoryError: Container killed due to memory usage", 137,
     "memory_mib"},
    {batch,
     failed,
     "FAILED",
     "",
     "CannotPullContainerError: pull image manifest has been retried",
     {},
     "ECR"},
    {batch, failed, "FAILED", "", "Host EC2 (instance i-0a) terminated.", {}, "Spot", true},
    {batch, failed, "FAILED", "", "Job attempt duration exceeded timeout", {}, "attempt_duration_seconds"},
    {batch, failed, "FAILED", "", "Job attempt duration exceeded timeout", 137, "The attempt reached"},
    {glue, failed, "FAILED", "", "LAUNCH ERROR | VPC S3 endpoint validation failed", {}, "gateway endpoint"},
    {states, failed, "FAILED", "MyError", "", {}, "of its own"},
    {batch, failed, "FAILED", "", "Dependent Job failed", {}, "depends_on"},
    {batch, failed, "FAILED", "", "", 137, "137"},
    {batch, failed, "FAILED", "", "", {}, ""},
    {batch,
     running,
     "RUNNABLE",
     "",
     "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too large",
     {},
     "large enough"},
    {batch, running, "RUNNABLE", "", "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - no", {}, "instance types"},
    {batch, running, "RUNNABLE", "", "", {}, ""},  // not long enough
    {batch, running, "RUNNING", "", "", {}, ""},
    {sagemaker, failed, "Failed", "", "Step failure: One or multiple steps failed.", {}, "steps"},
    {sagemaker, failed, "CompletedWithFailures", "", "", {}, "went on"},
    {sagemaker, failed, "Failed", "", "train: CapacityError: Unable to provision", {}, "instance type", true},
    {sagemaker, failed, "Failed", "", "train: ClientError: no data", {}, "refused"},
    {states, failed, "TIMED_OUT", "States.Timeout", "", {}, "TimeoutSeconds"},
    {states, failed, "TIMED_OUT", "", "", {}, "TimeoutSeconds"},
    {states, failed, "FAILED", "States.DataLimitExceeded", "", {}, "262,144"},
    {states, failed, "FAILED", "States.TaskFailed", "boom", {}, "history"},
    {states, failed, "RUNNING", "outcome_unknown", "", {}, "level ALL"},
    {batch, failed, "", "outcome_unknown", "", {}, "no longer tell"},
    {states, PipelineRunStatus::cancelled, "ABORTED", "PolysyncCancellation", "", {}, ""},
    {states, PipelineRunStatus::success, "SUCCEEDED", "", "", {}, ""},
};

TEST(DiagnoseRun, KnownEndsHaveARemedy) {  // PLAT-6, TASK-6
    for (const auto& c : run_cases) {
        SCOPED_TRACE(std::string(to_string(c.type)) + " " + c.aws_status + " " + c.code + " " + c.message);
        PipelineRun run;
        run.status = c.status;
        run.aws_status = c.aws_status;
        run.code = c.code;
        run.message = c.message;
        run.exit_code = c.exit_code;
        std::string remedy = diagnose_run(c.type, run, context());
        if (*c.remedy)
            EXPECT_THAT(remedy, HasSubstr(c.remedy));
        else
            EXPECT_EQ(remedy, "");
        EXPECT_THAT(remedy, Not(HasSubstr("{")));
        EXPECT_EQ(is_infrastructure_loss(c.type, run), c.infrastructure);
    }
}

TEST(DiagnoseRun, ALongWaitIsDiagnosedWithoutAReason) {  // PLAT-6, spec 10
    PipelineRun run;
    run.status = running;
    run.aws_status = "RUNNABLE";
    auto where = context();
    where.waited = std::chrono::minutes(14);
    EXPECT_EQ(diagnose_run(batch, run, where), "");
    where.waited = std::chrono::minutes(15);
    EXPECT_THAT(diagnose_run(batch, run, where), HasSubstr("max vCPUs"));
    run.aws_status = "WAITING";
    EXPECT_THAT(diagnose_run(glue, run, where), HasSubstr("quotas"));
}

TEST(DiagnoseRun, SaysWhyOutputsAreMissing) {  // SFN-6
    PipelineRun run;
    run.status = PipelineRunStatus::success;
    run.outputs_note = "the output is an array";
    EXPECT_THAT(diagnose_run(states, run), HasSubstr("top-level names"));
}

TEST(DiagnosisRules, EveryPlaceholderIsKnown) {
    auto check = [](std::string_view remedy) {
        std::string filled = fill_remedy(remedy, glue, "StartJobRun", context());
        EXPECT_THAT(filled, Not(HasSubstr("{"))) << remedy;
        EXPECT_FALSE(filled.empty());
    };
    for (const auto& rule : error_rules()) check(rule.remedy);
    for (const auto& rule : run_rules()) check(rule.remedy);
    EXPECT_EQ(fill_remedy("a {job", glue, "", context()), "a {job");
}

TEST(Arn, OfJobsAndQueues) {
    ArnPlace place{"aws-cn", "cn-north-1", "012345678901"};
    EXPECT_EQ(job_arn(glue, place, "a/b"), "arn:aws-cn:glue:cn-north-1:012345678901:job/a/b");
    EXPECT_EQ(job_arn(sagemaker, place, "MyPipe"),
              "arn:aws-cn:sagemaker:cn-north-1:012345678901:pipeline/mypipe");
    EXPECT_EQ(job_arn(states, place, "arn:aws:states:r:1:stateMachine:m"),
              "arn:aws:states:r:1:stateMachine:m");
    EXPECT_EQ(batch_queue_arn(place, "q"), "arn:aws-cn:batch:cn-north-1:012345678901:job-queue/q");
    Arn arn;
    ASSERT_TRUE(parse_arn("arn:aws:states:eu-west-1:1:execution:m:n", arn));
    EXPECT_EQ(arn.resource, "execution:m:n");
    EXPECT_EQ(arn.region, "eu-west-1");
    for (const char* bad : {"", "arn:", "arn:aws", "arn:aws:states:r:1:", "arn:::::x", "urn:a:b:c:d:e"})
        EXPECT_FALSE(parse_arn(bad, arn)) << bad;
}

}  // namespace
}  // namespace polysync
