// The sample account's SageMaker pipelines.
#include "sandbox/sample_account.h"

namespace polysync::sandbox {

namespace {

constexpr SampleResource pipelines[] = {
    {"sagemaker", "pipeline", "customer-churn-training",
     "succeeds in 5 s; parameters of all four types with defaults, a condition",
     R"json({"PipelineDescription":"Trains and registers the churn model","PipelineDefinition":{"Version":"2020-12-01",
         "Parameters":[
           {"Name":"InputDataUrl","Type":"String","DefaultValue":"s3://sandbox-features/churn/"},
           {"Name":"TrainingInstanceType","Type":"String","DefaultValue":"ml.m5.xlarge",
            "EnumValues":["ml.m5.xlarge","ml.m5.4xlarge"]},
           {"Name":"Epochs","Type":"Integer","DefaultValue":10},
           {"Name":"LearningRate","Type":"Float","DefaultValue":0.05},
           {"Name":"RegisterModel","Type":"Boolean","DefaultValue":true}],
         "Steps":[
           {"Name":"Prepare","Type":"Processing","Arguments":{}},
           {"Name":"Train","Type":"Training","DependsOn":["Prepare"],"Arguments":{}},
           {"Name":"Evaluate","Type":"Processing","DependsOn":["Train"],"Arguments":{}},
           {"Name":"GoodEnough","Type":"Condition","DependsOn":["Evaluate"],"Arguments":{"Conditions":[],
            "IfSteps":[{"Name":"Register","Type":"RegisterModel","Arguments":{}}],"ElseSteps":[]}}]},
         "outcome":{"run_ms":5000}})json"},
    {"sagemaker", "pipeline", "Recommender-Refresh", "succeeds; its ARN spells the name in lower case",
     R"json({"PipelineDefinition":{"Version":"2020-12-01","Parameters":[],"Steps":[
           {"Name":"Embed","Type":"Processing"},{"Name":"Index","Type":"Processing","DependsOn":["Embed"]}]},
         "outcome":{"run_ms":3000}})json"},
    {"sagemaker", "pipeline", "churn-backfill",
     "succeeds; `Month` has no default, so a start without it is refused",
     R"json({"PipelineDefinition":{"Version":"2020-12-01","Parameters":[{"Name":"Month","Type":"String"},
           {"Name":"MaxRows","Type":"Integer","DefaultValue":100000}],
         "Steps":[{"Name":"Backfill","Type":"Processing"}]},"outcome":{"run_ms":3000}})json"},
    {"sagemaker", "pipeline", "fraud-scoring-batch",
     "succeeds; three transforms, limited in parallel by `max_parallel_execution_steps`",
     R"json({"PipelineDefinition":{"Version":"2020-12-01","Parameters":[],"Steps":[
           {"Name":"ScoreEast","Type":"Transform"},{"Name":"ScoreWest","Type":"Transform"},
           {"Name":"ScoreNorth","Type":"Transform"},
           {"Name":"Merge","Type":"Processing","DependsOn":["ScoreEast","ScoreWest","ScoreNorth"]}]},
         "outcome":{"run_ms":4000}})json"},
    {"sagemaker", "pipeline", "model-quality-gate",
     "succeeds; a Lambda step, which a stop waits for, and a callback",
     R"json({"PipelineDefinition":{"Version":"2020-12-01","Parameters":[],"Steps":[
           {"Name":"Notify","Type":"Lambda"},{"Name":"Approve","Type":"Callback","DependsOn":["Notify"]}]},
         "outcome":{"run_ms":6000}})json"},
    {"sagemaker", "pipeline", "definition-in-s3",
     "succeeds; DescribePipeline gives no definition, so no parameters are known",
     R"json({"outcome":{"run_ms":2000}})json"},
    {"sagemaker", "pipeline", "nightly-embedding-refresh", "runs for 10 minutes: to be cancelled",
     R"json({"PipelineDefinition":{"Version":"2020-12-01","Parameters":[],"Steps":[
           {"Name":"Fetch","Type":"Processing"},{"Name":"Embed","Type":"Training","DependsOn":["Fetch"]},
           {"Name":"Publish","Type":"Model","DependsOn":["Embed"]}]},"outcome":{"run_ms":600000}})json"},
    {"sagemaker", "pipeline", "demand-forecast-tuning", "fails in its tuning step: AlgorithmError",
     R"json({"PipelineDefinition":{"Version":"2020-12-01","Parameters":[{"Name":"Trials","Type":"Integer","DefaultValue":20}],
         "Steps":[{"Name":"Split","Type":"Processing"},{"Name":"Tune","Type":"Tuning","DependsOn":["Split"]},
           {"Name":"Deploy","Type":"Model","DependsOn":["Tune"]}]},
         "outcome":{"status":"Failed","failing_step":"Tune","run_ms":4000,
         "reason":"AlgorithmError: ValueError: Input contains NaN, exit code: 1"}})json"},
    {"sagemaker", "pipeline", "feature-ingest", "fails: ClientError, the input data is not there",
     R"json({"PipelineDefinition":{"Steps":[{"Name":"Ingest","Type":"Processing"}]},
         "outcome":{"status":"Failed","run_ms":2000,
         "reason":"ClientError: Data download failed:NoSuchKey (404): The specified key does not exist., bucket=sandbox-features"}})json"},
    {"sagemaker", "pipeline", "pricing-retrain", "fails: the pipeline's own role lacks a permission",
     R"json({"PipelineDefinition":{"Steps":[{"Name":"Train","Type":"Training"}]},
         "outcome":{"status":"Failed","run_ms":2000,
         "reason":"ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: User: arn:aws:sts::123456789012:assumed-role/SageMakerPipelineRole/SageMaker is not authorized to perform: sagemaker:CreateTrainingJob"}})json"},
    {"sagemaker", "pipeline", "credit-risk-retrain", "fails: CapacityError, which a repeat may cure",
     R"json({"PipelineDefinition":{"Steps":[{"Name":"Train","Type":"Training"}]},
         "outcome":{"status":"Failed","run_ms":2000,
         "reason":"CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."}})json"},
    {"sagemaker", "pipeline", "sentiment-finetune", "fails: a step reaches its MaxRuntimeInSeconds",
     R"json({"PipelineDefinition":{"Steps":[{"Name":"Finetune","Type":"Training"}]},
         "outcome":{"status":"Failed","run_ms":4000,"reason":"MaxRuntimeExceeded: the training job reached its maximum run time"}})json"},
    {"sagemaker", "pipeline", "image-labels-etl",
     "ends in `CompletedWithFailures`: one branch fails, the other goes on",
     R"json({"PipelineDefinition":{"Steps":[{"Name":"Fetch","Type":"Processing"},
           {"Name":"Label","Type":"Processing","DependsOn":["Fetch"]},
           {"Name":"Augment","Type":"Processing","DependsOn":["Fetch"]},
           {"Name":"Publish","Type":"Processing","DependsOn":["Augment"]}]},
         "outcome":{"status":"CompletedWithFailures","failing_step":"Label","run_ms":4000,
         "reason":"AlgorithmError: 3 images could not be read, exit code: 1"}})json"},
    {"sagemaker", "pipeline", "quota-bound-training", "every start is `ResourceLimitExceeded`",
     R"json({"outcome":{"refuse_code":"ResourceLimitExceeded",
         "refuse_message":"The account-level service limit 'ml.p4d.24xlarge for training job usage' is 0 Instances, with current utilization of 0 Instances and a request delta of 1 Instances."}})json"},
};

}  // namespace

std::span<const SampleResource> sample_sagemaker() { return pipelines; }

}  // namespace polysync::sandbox
