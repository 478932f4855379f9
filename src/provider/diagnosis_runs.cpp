// Ends of runs, and waits that do not end by themselves. Sources: the last section of each seed,
// aws-facts 2.1, 3.1, 4, 5 and 15.
#include "provider/diagnosis_rules.h"

namespace polysync {

namespace {

constexpr auto glue = PlatformType::aws_glue;
constexpr auto batch = PlatformType::aws_batch;
constexpr auto sagemaker = PlatformType::aws_sagemaker;
constexpr auto states = PlatformType::aws_step_functions;
constexpr auto any = std::nullopt;

constexpr RunRule rules[] = {
    // AWS Glue
    {glue, "TIMEOUT", "", false,
     "The run reached its timeout. Increase timeout_minutes (or the Timeout of {job_arn}), or check the "
     "worker type and "
     "the DPU allocation: more or larger workers finish sooner."},
    {glue, "EXPIRED", "", false,
     "A streaming run reached the longest time that Glue lets it run (or its maintenance window). Start it "
     "again; its "
     "checkpoints go on where it ended."},
    {glue, "ERROR", "", false,
     "Glue could not start the run, for example because the job was deleted while a trigger fired. Check "
     "that {job_arn} exists."},
    {glue, "WAITING", "", false,
     "Glue queues the run until capacity is free (job run queuing is on). Check the job's maximum "
     "concurrency and the "
     "account's quotas of concurrent runs and DPUs in {region}."},
    {glue, "", "internal service error", true, "Glue itself failed; the run can be repeated as it is."},
    {glue, "", "InternalService", true, "Glue itself failed; the run can be repeated as it is."},
    {glue, "", "Resource unavailable", true,
     "Glue had no capacity for these workers in {region}: repeat later, or choose another worker type or "
     "execution_class STANDARD."},
    {glue, "", "not enough free addresses", false,
     "The subnet of the job's connection has too few free IP addresses for the workers: use a larger subnet "
     "or fewer workers."},
    {glue, "", "does not have enough free addresses", false,
     "The subnet of the job's connection has too few free IP addresses for the workers: use a larger subnet "
     "or fewer workers."},
    {glue, "", "VPC S3 endpoint", false,
     "The connection's subnet does not reach S3: add an S3 gateway endpoint or a NAT gateway to its route "
     "table."},
    {glue, "", "security group", false,
     "The connection's security group must allow all traffic from itself (a self-referencing inbound rule)."},
    {glue, "", "LAUNCH ERROR", false,
     "The run did not start: the IAM role of {job_arn} must be able to read the script and libraries in S3, "
     "and the "
     "connection's subnet must reach S3."},
    {glue, "", "No space left on device", false,
     "The workers' disks are full: use larger workers (G.2X, G.4X), more partitions, or the S3 shuffle "
     "plugin."},
    {glue, "", "OutOfMemory", false,
     "The driver or an executor ran out of memory: use a larger worker_type, or more partitions."},
    {glue, "", "out of memory", false,
     "The driver or an executor ran out of memory: use a larger worker_type, or more partitions."},
    {glue, "", "running beyond physical memory", false,
     "An executor used more memory than it has: use a larger worker_type, or more partitions."},
    {glue, "", "SystemExit: 0", false,
     "The script ended with sys.exit(0), which Glue reports as a failure: let it end without sys.exit."},
    {glue, "", "Access Denied", false,
     "The job's own IAM role lacks a permission on its data (S3, KMS, Lake Formation): that role is on the "
     "Glue job, not "
     "on this platform."},
    {glue, "", "AccessDenied", false,
     "The job's own IAM role lacks a permission on its data (S3, KMS, Lake Formation): that role is on the "
     "Glue job, not "
     "on this platform."},
    {glue, "", "GlueArgumentError", false,
     "The script requires an argument that was not given: declare a parameter of that name on the job and "
     "give it a value."},
    {glue, "FAILED", "", false,
     "The script failed: its output is in the run's logs (`polysync pipeline logs`) and in CloudWatch under "
     "/aws-glue/jobs."},

    // AWS Batch, waiting
    {batch, "RUNNABLE", "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", false,
     "EC2 has no instances of the wanted types just now. Allow more instance types, Availability Zones or "
     "On-Demand in "
     "the compute environments of {queue_arn}."},
    {batch, "RUNNABLE", "COMPUTE_ENVIRONMENT_MAX_RESOURCE", false,
     "The compute environment's max vCPUs are too few for this job or are all in use: raise maxvCpus of the "
     "compute "
     "environments of {queue_arn}, or wait for jobs to end."},
    {batch, "RUNNABLE", "JOB_RESOURCE_REQUIREMENT", false,
     "No instance type of the compute environment is large enough for the job's vCPUs, memory or GPUs: lower "
     "vcpus, "
     "memory_mib or gpus (leave some memory for the ECS agent), or add larger instance types."},
    {batch, "RUNNABLE", "SERVICE_ROLE_PERMISSIONS", false,
     "The compute environment's service role lacks permissions: attach AWSBatchServiceRole (or use the "
     "service-linked "
     "role AWSServiceRoleForBatch) and check that the instance profile's role exists."},
    {batch, "RUNNABLE", "CAPACITY:", false,
     "There is no capacity for the job just now: allow more instance types, Availability Zones or vCPUs in "
     "the compute "
     "environments of {queue_arn}."},
    {batch, "RUNNABLE", "MISCONFIGURATION:", false,
     "The compute environments of {queue_arn} are set up so that the job cannot run: the text behind "
     "MISCONFIGURATION "
     "says why. Check max vCPUs, instance types, service role and network."},
    {batch, "RUNNABLE", "", false,
     "The compute environment cannot satisfy the job's vCPUs, memory or GPUs so far. Check the max vCPUs and "
     "instance "
     "types of the compute environments of {queue_arn}, that they are ENABLED and VALID, that instances can "
     "reach ECS "
     "(route to the internet or VPC endpoints), and the service quotas (EC2 and Fargate vCPUs)."},
    {batch, "PENDING", "", false,
     "The job waits for the jobs in depends_on (an array parent shows PENDING while its children run)."},

    // AWS Batch, ended; what the container says comes before the general sentence of the task
    {batch, "", "CannotPullContainer", false,
     "The image could not be pulled: check its name and tag, that the execution role may read the ECR "
     "repository "
     "(ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer), and that the subnet "
     "reaches ECR."},
    {batch, "", "ResourceInitializationError", false,
     "The task could not fetch its secrets, image or log stream: check the execution role and that the "
     "subnet reaches "
     "ECR, Secrets Manager and CloudWatch Logs (public IP, NAT or VPC endpoints)."},
    {batch, "", "CannotStartContainer", false,
     "The container could not start: check its command, entry point and mounts."},
    {batch, "", "CannotCreateContainer", false,
     "The container could not be created: check its command, mounts and the host's disk."},
    {batch, "", "DockerTimeoutError", true,
     "The host did not start the container in time; the job can be repeated as it is."},
    {batch, "", "OutOfMemory", false,
     "The container used more memory than it may (exit code 137): raise memory_mib, or the memory of "
     "{job_arn}."},
    {batch, "", "due to memory usage", false,
     "The container used more memory than it may (exit code 137): raise memory_mib, or the memory of "
     "{job_arn}."},
    {batch, "", "Host EC2", true,
     "The host was reclaimed (Spot) or scaled in while the job ran: infrastructure, not the job. Repeat it; "
     "retry_attempts "
     "lets Batch do so by itself, On-Demand capacity avoids it."},
    {batch, "", "Spot", true,
     "The Spot capacity was reclaimed while the job ran. Repeat it; retry_attempts lets Batch do so by "
     "itself, On-Demand "
     "capacity avoids it."},
    {batch, "", "attempt duration exceeded timeout", false,
     "The attempt reached its timeout: raise attempt_duration_seconds, or the timeout of {job_arn}. A "
     "timed-out attempt "
     "is not retried by Batch."},
    {batch, "", "Dependent Job failed", false, "A job in depends_on failed: repair that one first."},
    {batch, "", "Array Child Job failed", false,
     "At least one child of the array failed: open the array's FAILED children in the console; each has its "
     "own log."},
    {batch, "", "Essential container in task exited", false,
     "The container's command ended with an error: read its log (`polysync pipeline logs`). The usual causes "
     "are a missing "
     "parameter (Ref::NAME without a value), a permission that the job's own role lacks, or a wrong image."},
    {batch, "", "Task failed to start", false,
     "The task did not start: check the image, the execution role, the secrets and the log configuration of "
     "{job_arn}."},

    // Amazon SageMaker
    {sagemaker, "", "CapacityError", true,
     "SageMaker had no instances of that type just now: repeat later or choose another instance type."},
    {sagemaker, "", "InternalServerError", true,
     "SageMaker itself failed; the execution can be repeated as it is."},
    {sagemaker, "", "InternalFailure", true,
     "SageMaker itself failed; the execution can be repeated as it is."},
    {sagemaker, "", "ResourceLimitExceeded", false,
     "A step met a SageMaker quota of account {account} in {region} (instances of a type, concurrent jobs): "
     "request an "
     "increase in Service Quotas, or limit the execution with max_parallel_execution_steps."},
    {sagemaker, "", "not authorized to perform", false,
     "The pipeline's own execution role lacks the permission that the message names: that role is on the "
     "pipeline "
     "({job_arn}), not on this platform."},
    {sagemaker, "", "AccessDenied", false,
     "The pipeline's own execution role lacks a permission (S3, ECR, KMS, Model Registry): that role is on "
     "the pipeline "
     "({job_arn}), not on this platform."},
    {sagemaker, "", "OutOfMemory", false, "A step ran out of memory: give it a larger instance type."},
    {sagemaker, "", "MaxRuntimeExceeded", false,
     "A step reached its MaxRuntimeInSeconds: raise its stopping condition."},
    {sagemaker, "", "AlgorithmError", false,
     "The step's own code failed: read its CloudWatch log (/aws/sagemaker/ProcessingJobs or "
     "/aws/sagemaker/TrainingJobs)."},
    {sagemaker, "", "ClientError", false,
     "A step's input or configuration was refused (data that is not there, a wrong image, a bad "
     "hyperparameter): the "
     "step's reason says which."},
    {sagemaker, "CompletedWithFailures", "", false,
     "Some steps failed while the others went on to the end: see the failed steps' reasons above and their "
     "CloudWatch logs."},
    {sagemaker, "Failed", "", false,
     "See the failed steps' reasons (`polysync pipeline logs`) and their CloudWatch logs; the console shows "
     "the step graph."},

    // AWS Step Functions
    {states, "", "outcome_unknown", false,
     "Log all events of the state machine to CloudWatch Logs (level ALL, include execution data), or run it "
     "with the job "
     "attribute execution_mode: sync, so that the end of an Express execution can be learnt."},
    {states, "", "States.DataLimitExceeded", false,
     "A state's input or output is larger than 262,144 bytes: pass large data through S3 and hand on its "
     "address."},
    {states, "", "States.HeartbeatTimeout", false,
     "A task sent no heartbeat in its HeartbeatSeconds: check that its worker is alive, or raise the "
     "figure."},
    {states, "", "States.Permissions", false,
     "The state machine's own role lacks a permission for the task's service: that role is on {job_arn}, not "
     "on this platform."},
    {states, "", "not authorized to perform", false,
     "The state machine's own role lacks the permission that the message names: that role is on {job_arn}, "
     "not on this platform."},
    {states, "", "States.ItemReaderFailed", false,
     "The Distributed Map could not read its items: check the S3 object and the state machine's role."},
    {states, "", "States.ExceedToleratedFailureThreshold", false,
     "More of the map's items failed than it tolerates: see its Map Run in the console."},
    {states, "", "States.ParameterPathFailure", false,
     "A path of the definition finds nothing in its input: compare the input (`--dry-run`) with what the "
     "states read."},
    {states, "", "States.ResultPathMatchFailure", false,
     "A ResultPath does not fit the state's input: correct the definition."},
    {states, "", "States.NoChoiceMatched", false,
     "A Choice state met a value that no rule covers: add a Default, or correct the input."},
    {states, "", "States.QueryEvaluationError", false,
     "A JSONata expression of the definition failed: the cause names it."},
    {states, "", "States.IntrinsicFailure", false,
     "An intrinsic function of the definition failed: the cause names it."},
    {states, "", "States.Runtime", false,
     "The definition met data that it cannot process (often a path that finds nothing in the input): compare "
     "the input "
     "(`--dry-run`) with what the states read."},
    {states, "", "Lambda.TooManyRequests", false,
     "The Lambda function was throttled: raise its concurrency, or add a Retry to the task."},
    {states, "TIMED_OUT", "", false,
     "The execution reached the TimeoutSeconds of its definition (States.Timeout): raise it, or find the "
     "state that "
     "waited in the execution's history (`polysync pipeline logs`)."},
    {states, "", "States.Timeout", false,
     "A state or the execution reached its TimeoutSeconds: raise it, or find the state that waited in the "
     "execution's "
     "history (`polysync pipeline logs`)."},
    {states, "", "States.TaskFailed", false,
     "A task failed: the execution's history (`polysync pipeline logs`) shows which state and why."},
    {states, "FAILED", "", false,
     "The execution ended with an error of its own: its history (`polysync pipeline logs`) shows which state "
     "raised it, "
     "and with which input."},

    {any, "", "outcome_unknown", false,
     "AWS can no longer tell what became of this run: look at the job's own results before running it "
     "again."},
};

}  // namespace

std::span<const RunRule> run_rules() { return rules; }

}  // namespace polysync
