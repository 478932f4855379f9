// The sample account's state machines.
#include "sandbox/sample_account.h"

namespace polysync::sandbox {

namespace {

constexpr SampleResource machines[] = {
    {"stepfunctions", "state_machine", "orders-nightly",
     "succeeds in 5 s with an object as output; has versions 1 to 3 and the aliases PROD and TEST",
     R"json({"description":"Loads and reports the day's orders","versions":3,"aliases":{"PROD":2,"TEST":3},
         "definition":{"StartAt":"LoadOrders","States":{
           "LoadOrders":{"Type":"Task","Resource":"arn:aws:states:::glue:startJobRun.sync",
             "Parameters":{"JobName":"nightly-orders-load"},"Next":"AnyRows"},
           "AnyRows":{"Type":"Choice","Choices":[{"Variable":"$.rows","NumericEquals":0,"Next":"Done"}],"Default":"Report"},
           "Report":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:report","Next":"Done"},
           "Done":{"Type":"Succeed"}}},
         "outcome":{"run_ms":5000,"output":{"rows_loaded":18234,"report_url":"s3://sandbox-reports/orders.html",
           "complete":true,"regions":["east","west"]}}})json"},
    {"stepfunctions", "state_machine", "echo-input", "succeeds; its output is its input",
     R"json({"definition":{"StartAt":"Echo","States":{"Echo":{"Type":"Pass","End":true}}},"outcome":{"run_ms":2000}})json"},
    {"stepfunctions", "state_machine", "ingest-événements", "succeeds; a name beyond ASCII",
     R"json({"outcome":{"run_ms":2000,"output":{"count":7}}})json"},
    {"stepfunctions", "state_machine", "list-open-claims",
     "succeeds with a list as output, so no output parameter is filled",
     R"json({"outcome":{"run_ms":2000,"output":["C-1","C-2"]}})json"},
    {"stepfunctions", "state_machine", "fan-out-resize", "succeeds; Parallel and Map states",
     R"json({"definition":{"StartAt":"Both","States":{
           "Both":{"Type":"Parallel","Branches":[],"Next":"Each"},
           "Each":{"Type":"Map","ItemProcessor":{"StartAt":"One","States":{"One":{"Type":"Pass","End":true}}},"End":true}}},
         "outcome":{"run_ms":4000,"output":{"resized":12}}})json"},
    {"stepfunctions", "state_machine", "invoice-approval", "runs for 10 minutes: to be cancelled",
     R"json({"definition":{"StartAt":"Ask","States":{
           "Ask":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Next":"Book"},
           "Book":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}}},
         "outcome":{"run_ms":600000}})json"},
    {"stepfunctions", "state_machine", "payment-reconciliation", "fails with an error and a cause",
     R"json({"outcome":{"status":"FAILED","run_ms":3000,"error":"ReconciliationError",
         "cause":"{\"errorMessage\":\"ledger and bank differ by 12.50 EUR\",\"errorType\":\"ReconciliationError\"}"}})json"},
    {"stepfunctions", "state_machine", "credit-check", "fails in a Fail state of its definition",
     R"json({"definition":{"StartAt":"Score","States":{
           "Score":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Next":"Refused"},
           "Refused":{"Type":"Fail","Error":"CreditRefused","Cause":"The score is below the limit"}}},
         "outcome":{"run_ms":2000}})json"},
    {"stepfunctions", "state_machine", "tariff-import",
     "fails: the machine's own role may not start the Glue job",
     R"json({"definition":{"StartAt":"Import","States":{"Import":{"Type":"Task",
           "Resource":"arn:aws:states:::glue:startJobRun.sync","End":true}}},
         "outcome":{"status":"FAILED","run_ms":2000,"error":"Glue.AccessDeniedException",
         "cause":"User: arn:aws:sts::123456789012:assumed-role/StepFunctionsRole/states is not authorized to perform: glue:StartJobRun"}})json"},
    {"stepfunctions", "state_machine", "report-assembly",
     "fails: a state's result is too large (States.DataLimitExceeded)",
     R"json({"outcome":{"status":"FAILED","run_ms":2000,"error":"States.DataLimitExceeded",
         "cause":"The state/task 'Work' returned a result with a size exceeding the maximum number of bytes service limit."}})json"},
    {"stepfunctions", "state_machine", "warehouse-vacuum", "ends in `TIMED_OUT`",
     R"json({"outcome":{"status":"TIMED_OUT","run_ms":4000,"error":"States.Timeout"}})json"},
    {"stepfunctions", "state_machine", "operator-aborted", "is aborted by somebody else: `ABORTED`",
     R"json({"outcome":{"status":"ABORTED","run_ms":3000,"error":"Operator","cause":"stopped in the console"}})json"},
    {"stepfunctions", "state_machine", "execution-limit", "every start is `ExecutionLimitExceeded`",
     R"json({"outcome":{"refuse_code":"ExecutionLimitExceeded","refuse_message":"The maximum number of running executions has been reached."}})json"},
    {"stepfunctions", "state_machine", "retired-loader",
     "is being deleted: every start is `StateMachineDeleting`", R"json({"status":"DELETING"})json"},
    {"stepfunctions", "state_machine", "clickstream-enrich",
     "EXPRESS, succeeds; logs all events with data, so its outcome can be learnt",
     R"json({"type":"EXPRESS","loggingConfiguration":{"level":"ALL","includeExecutionData":true},
         "outcome":{"run_ms":2000,"output":{"enriched":64}}})json"},
    {"stepfunctions", "state_machine", "clickstream-validate", "EXPRESS, fails; logs all events with data",
     R"json({"type":"EXPRESS","loggingConfiguration":{"level":"ALL","includeExecutionData":true},
         "outcome":{"status":"FAILED","run_ms":2000,"error":"SchemaError","cause":"field 'ts' is missing"}})json"},
    {"stepfunctions", "state_machine", "clickstream-count",
     "EXPRESS, succeeds; logs all events without data, so without output",
     R"json({"type":"EXPRESS","loggingConfiguration":{"level":"ALL"},"outcome":{"run_ms":2000,"output":{"count":5}}})json"},
    {"stepfunctions", "state_machine", "order-webhook",
     "EXPRESS, succeeds; logs errors only, so a success leaves no trace",
     R"json({"type":"EXPRESS","loggingConfiguration":{"level":"ERROR","includeExecutionData":true},"outcome":{"run_ms":1000}})json"},
    {"stepfunctions", "state_machine", "fraud-check", "EXPRESS without logging: use `execution_mode: sync`",
     R"json({"type":"EXPRESS","outcome":{"run_ms":1000,"output":{"score":0.07,"suspicious":false}}})json"},
};

}  // namespace

std::span<const SampleResource> sample_step_functions() { return machines; }

}  // namespace polysync::sandbox
