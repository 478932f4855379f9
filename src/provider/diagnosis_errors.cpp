// Errors of calls. Sources: the last section of each seed, aws-facts 1.5, 2.2, 3.2, 4, 5.1, 6, 12.2 and 15.
#include "provider/diagnosis_rules.h"

namespace polysync {

namespace {

constexpr auto glue = PlatformType::aws_glue;
constexpr auto batch = PlatformType::aws_batch;
constexpr auto sagemaker = PlatformType::aws_sagemaker;
constexpr auto states = PlatformType::aws_step_functions;
constexpr auto any = std::nullopt;
constexpr auto as_is = std::nullopt;

using K = ErrorKind;

constexpr ErrorRule rules[] = {
    // AWS Glue
    {glue, "ConcurrentRunsExceeded", "", K::contention,
     "{job_arn} already has as many runs as its 'Maximum concurrency' (ExecutionProperty.MaxConcurrentRuns) "
     "allows. "
     "Nothing was started: wait for a run to end (one that has just ended can count for some seconds more), "
     "raise the "
     "job's maximum concurrency, or let Glue queue the run with the attribute job_run_queuing: true."},
    {glue, "ResourceNumberLimitExceeded", "", K::contention,
     "A Glue quota of account {account} in {region} is used up (concurrent job runs or DPUs). Nothing was "
     "started: wait "
     "for other runs to end, use fewer or smaller workers, or ask for more in Service Quotas (L-5E4153CA: "
     "concurrent job "
     "runs per account, L-F574AED9: per job)."},
    {glue, "ResourceLimitExceeded", "", K::contention,
     "A Glue quota of account {account} in {region} is used up. Nothing was started: wait for other runs to "
     "end or ask "
     "for more in Service Quotas."},
    {glue, "InvalidInput", "argument", as_is,
     "Check the argument keys: Glue takes only keys that start with '--' (Polysync adds the prefix to "
     "parameter names), "
     "and none that the job lists in NonOverridableArguments. A value such as key=value is one value and is "
     "not split."},
    {glue, "InvalidInput", "worker", as_is,
     "Check worker_type and number_of_workers: both or neither, a worker type that the job's Glue version "
     "offers in "
     "{region}, and neither of them for Python shell jobs and jobs with MaxCapacity."},
    {glue, "InvalidInput", "timeout", as_is, "timeout_minutes must be between 1 and 10080 (7 days)."},
    {glue, "InvalidInput", "flex", as_is,
     "execution_class FLEX needs Glue 3.0 or later and a Spark job (command glueetl) on G.1X or G.2X "
     "workers."},
    {glue, "InvalidInput", "", as_is,
     "Check the arguments (keys start with '--', a literal key=value is one value), the worker settings "
     "(worker_type "
     "and number_of_workers together) and the timeout; `--dry-run` shows the exact request and where each "
     "value comes "
     "from."},
    {glue, "EntityNotFound", "", K::not_found,
     "Check that {job_arn} exists: job names are case-sensitive and live in one account and region. "
     "`polysync pipeline "
     "discover` lists what this platform sees; a run's history is kept for 365 days."},
    {glue, "OperationTimeout", "", as_is,
     "Glue did not finish the call in its own time limit. Reads are repeated; a start is looked up by its "
     "run token "
     "before anything is sent again."},
    {glue, "IllegalSessionState", "", as_is,
     "The Glue resource is not in a state that allows this; look at it in the console."},

    // AWS Batch: one code for everything, so the message decides
    {batch, "Client", "disabled", as_is,
     "Enable the job queue {queue_arn} (UpdateJobQueue state=ENABLED), or name another one in the job "
     "attribute job_queue."},
    {batch, "Client", "queue does not exist", K::not_found,
     "The job queue {queue_arn} does not exist in {region}. Correct the job attribute job_queue or the "
     "platform default "
     "default_job_queue: a queue's name or its full ARN."},
    {batch, "Client", "jobqueue", K::not_found,
     "The job queue {queue_arn} was not found or cannot take the job. Check the job attribute job_queue, the "
     "platform "
     "default default_job_queue, and that the queue is ENABLED and VALID in {region}."},
    {batch, "Client", "job queue", as_is,
     "Check the job queue {queue_arn}: it must exist in {region} and be ENABLED and VALID. It comes from the "
     "job "
     "attribute job_queue, else from the platform default default_job_queue."},
    {batch, "Client", "job definition", K::not_found,
     "Check that {job_arn} is right and has at least one ACTIVE revision: `aws batch "
     "describe-job-definitions --status "
     "ACTIVE --job-definition-name {job}`. A pinned revision (name:revision) may have been deregistered."},
    {batch, "Client", "jobdefinition", K::not_found,
     "Check that {job_arn} is right and has at least one ACTIVE revision: `aws batch "
     "describe-job-definitions --status "
     "ACTIVE --job-definition-name {job}`. A pinned revision (name:revision) may have been deregistered."},
    {batch, "Client", "share", as_is,
     "A queue with a fair-share scheduling policy needs the job attribute share_identifier (and may take "
     "scheduling_priority_override); a queue without one takes neither."},
    {batch, "Client", "scheduling", as_is,
     "scheduling_priority_override (0 to 9999) is for queues with a fair-share scheduling policy only."},
    {batch, "Client", "payload", as_is,
     "A SubmitJob request may hold 30 KiB in all. Put large values into S3 and pass their address."},
    {batch, "Client", "parameter", as_is,
     "Check the parameters against the Ref::name placeholders of {job_arn}: every placeholder without a "
     "default needs a value."},

    // Amazon SageMaker
    {sagemaker, "ResourceNotFound", "", K::not_found,
     "Confirm that {job_arn} exists in {region} and that the caller may sagemaker:DescribePipeline it. "
     "Pipeline names "
     "are those of the pipeline, not of its ARN (which is in lower case)."},
    {sagemaker, "ResourceLimitExceeded", "", K::contention,
     "Account {account} has reached a SageMaker quota in {region} (concurrent pipeline executions, training "
     "or "
     "processing instances, endpoints). Nothing was started: wait for other executions to end, or request an "
     "increase "
     "in AWS Service Quotas (service Amazon SageMaker)."},
    {sagemaker, "Conflict", "", K::conflict,
     "SageMaker has this request token or name with other content, or the pipeline is being changed. Look at "
     "the "
     "executions of {job_arn} before submitting again under a new token."},
    {sagemaker, "Validation", "PipelineExecutionDisplayName", as_is,
     "execution_display_name takes 1 to 82 letters, digits and single hyphens, and begins and ends with a "
     "letter or digit."},
    {sagemaker, "Validation", "no default", as_is,
     "The pipeline declares no default for this parameter: give it a value (`-p NAME=VALUE`, or on the "
     "job)."},
    {sagemaker, "Validation", "parameter", as_is,
     "A value does not fit the type that the pipeline declares for it (String, Integer, Float, Boolean), is "
     "outside its "
     "EnumValues, or names a parameter that the pipeline does not declare. Compare with the Parameters of "
     "the "
     "definition: `polysync pipeline discover` shows them."},
    {sagemaker, "Validation", "", as_is,
     "Check the values against the declared Parameters of {job_arn} (type String, Integer, Float or Boolean; "
     "EnumValues), and that at most 200 parameters of 1,024 characters each are sent."},

    // AWS Step Functions
    {states, "StateMachineDoesNotExist", "", K::not_found,
     "Confirm that the state machine ARN {job_arn} is right, that it lies in {region}, and that the caller "
     "may "
     "states:DescribeStateMachine it. Step Functions needs the ARN, not the name."},
    {states, "StateMachineDeleting", "", K::not_found,
     "The state machine {job_arn} is being deleted. Import the platform's jobs again and point the task at "
     "its successor."},
    {states, "InvalidExecutionInput", "", K::rejected,
     "The input is not valid JSON, or is larger than 262,144 bytes. Check that parameters of the type json "
     "hold "
     "well-formed JSON; `--dry-run` shows the exact input."},
    {states, "ExecutionLimitExceeded", "", K::contention,
     "Account {account} has reached its limit of open executions in {region} (1,000,000 for STANDARD by "
     "default). "
     "Nothing was started: wait for executions to end, stop stuck ones, or request an increase in Service "
     "Quotas."},
    {states, "ExecutionAlreadyExists", "", K::conflict,
     "An execution of that name ran within the last 90 days. Under a submission token of ours it is our own "
     "run: look "
     "it up by its name instead of starting another one."},
    {states, "ExecutionDoesNotExist", "", K::not_found,
     "Step Functions keeps an execution for 90 days after its end (an account may have chosen 30), and shows "
     "a fresh "
     "one a moment late. Check the execution ARN and the region."},
    {states, "InvalidArn", "express", K::unsupported,
     "AWS can neither describe nor stop an Express execution. Log all events of the state machine to "
     "CloudWatch Logs "
     "with execution data, or run it with the job attribute execution_mode: sync, to learn its end."},
    {states, "InvalidArn", "", as_is,
     "The external id must be a state machine's ARN: arn:aws:states:{region}:{account}:stateMachine:NAME, "
     "with :VERSION "
     "or :ALIAS to pin one."},
    {states, "InvalidName", "", as_is,
     "Execution names take 1 to 80 letters, digits, hyphens and underscores."},
    {states, "StateMachineTypeNotSupported", "", K::unsupported,
     "The state machine's type does not offer this: execution_mode sync works with EXPRESS only; executions "
     "of an "
     "EXPRESS state machine cannot be listed."},
    {states, "Validation", "", as_is,
     "Check the state machine ARN, the input and the trace header (at most 256 ASCII characters)."},

    // Keys of the customer
    {any, "KmsAccessDenied", "", K::access_denied,
     "The data is encrypted under a customer-managed KMS key: allow kms:Decrypt (and kms:GenerateDataKey for "
     "a start) on "
     "that key for the caller, in its IAM policy and in the key policy."},
    {any, "KmsInvalidState", "", as_is,
     "The KMS key is disabled or pending deletion: enable it, or cancel its deletion."},
    {any, "KmsThrottling", "", K::throttled,
     "KMS has too many requests just now; the call is repeated later."},

    // Web identity and STS (aws-facts 6 and 13)
    {any, "InvalidIdentityToken", "audience", K::credentials,
     "The token's audience is not in the client id list of the IAM identity provider. For an Entra v2.0 "
     "token that is "
     "the application's GUID (aud and azp), for Kubernetes tokens sts.amazonaws.com: add it to the provider "
     "and to the "
     "trust policy's aud condition. `polysync platform test` shows the token's claims."},
    {any, "InvalidIdentityToken", "OpenIDConnect provider", K::credentials,
     "The role's account has no IAM OIDC identity provider whose URL equals the token's issuer. Create it "
     "(iam "
     "create-open-id-connect-provider) with exactly the iss that `polysync platform test` shows."},
    {any, "InvalidIdentityToken", "", K::credentials,
     "Check that the IAM identity provider's URL equals the token's issuer and its thumbprint matches the "
     "issuer's host "
     "(login.microsoftonline.com for Entra), that the audience is what the provider lists "
     "(sts.amazonaws.com, or the "
     "application's GUID for Entra v2.0 tokens), and that the role's trust policy allows the workload "
     "identity's sub / "
     "oid. `polysync platform test` shows the claims."},
    {any, "IDPRejectedClaim", "", K::credentials,
     "The identity provider refused the token's claim: it may have been revoked. Fetch a new token and check "
     "the workload identity."},
    {any, "IDPCommunicationError", "", as_is,
     "STS could not reach the issuer's keys (its openid-configuration or JWKS). The call is repeated; if it "
     "stays so, "
     "check that the issuer's URL is reachable from the internet."},
    {any, "RegionDisabled", "", K::rejected,
     "STS is switched off in {region} for this account: an administrator activates it in IAM, Account "
     "settings, Endpoints."},
    {any, "PackedPolicyTooLarge", "", K::rejected,
     "The session policies and tags are too large together: shorten them."},

    // Credentials
    {any, "ExpiredToken", "", K::credentials,
     "The credentials (or the web identity token) have expired. Temporary ones are fetched anew by "
     "themselves; for keys "
     "from a file or the environment, sign in again or use a method that refreshes itself (web_identity, "
     "assume_role, "
     "instance_profile)."},
    {any, "UnrecognizedClient", "", K::credentials,
     "AWS does not know this access key id, or the session token belongs to another key. Check that the key "
     "is active "
     "in IAM, that access key id, secret and session token belong together, and that the platform's region "
     "and "
     "partition are the key's."},
    {any, "InvalidClientTokenId", "", K::credentials,
     "AWS does not know this access key id. Check that the key is active in IAM and belongs to this "
     "partition."},
    {any, "InvalidAccessKeyId", "", K::credentials,
     "AWS does not know this access key id. Check that the key is active in IAM and belongs to this "
     "partition."},
    {any, "", "signature expired", K::clock_skew,
     "This machine's clock is off by more than AWS accepts (5 minutes). Synchronize it (chrony, "
     "systemd-timesyncd)."},
    {any, "", "signature not yet current", K::clock_skew,
     "This machine's clock is ahead of AWS's. Synchronize it (chrony, systemd-timesyncd)."},
    {any, "SignatureDoesNotMatch", "", as_is,
     "The secret access key does not belong to the access key id (look for cut or added characters), or a "
     "proxy changed "
     "the request on its way."},
    {any, "InvalidSignature", "", as_is,
     "The secret access key does not belong to the access key id (look for cut or added characters), or a "
     "proxy changed "
     "the request on its way."},
    {any, "IncompleteSignature", "", as_is,
     "The request's signature could not be read: check the access key id for stray characters, and that no "
     "proxy removes "
     "the Authorization header."},
    {any, "MissingAuthenticationToken", "", as_is,
     "The request arrived without a signature: check that no proxy removes the Authorization header and that "
     "the endpoint is AWS's."},
    {any, "OptInRequired", "", K::access_denied,
     "Account {account} is not signed up for this service, or {region} is an opt-in region that is not "
     "enabled: enable it "
     "in Account, AWS Regions."},

    // Requests and endpoints
    {any, "UnknownOperation", "", as_is,
     "The endpoint does not know this operation: check the platform's endpoint override and "
     "AWS_ENDPOINT_URL."},
    {any, "InvalidAction", "", as_is,
     "The endpoint does not know this operation: check the platform's endpoint override and "
     "AWS_ENDPOINT_URL."},
    {any, "Serialization", "", as_is,
     "AWS could not read the request; a value has the wrong type. `--dry-run` shows the exact request."},
    {any, "connect_failed", "", as_is,
     "The service could not be reached, and nothing was sent. Check the region {region}, the endpoint "
     "override, DNS, "
     "the proxy settings (HTTPS_PROXY, NO_PROXY) and the firewall; with use_fips, that the region has a FIPS "
     "endpoint."},
    {any, "connection_lost", "", as_is,
     "The connection broke after the request was sent. Reads are repeated; a start is looked up under its "
     "submission "
     "token before anything is sent again (the same --token never starts a second run)."},
    {any, "timed_out", "", as_is,
     "No answer came in time. Reads are repeated; a start is looked up under its submission token before "
     "anything is "
     "sent again (the same --token never starts a second run)."},
};

}  // namespace

std::span<const ErrorRule> error_rules() { return rules; }

}  // namespace polysync
