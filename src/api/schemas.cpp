// JSON Schemas of what the API takes and gives (components of the OpenAPI document).
#include <boost/json/parse.hpp>

#include "api/openapi.h"

namespace polysync::api {
namespace {

// Members that are absent where they are not known are not required.
constexpr const char* shared_schemas = R"json({
"Problem": {"type": "object", "required": ["type", "title", "status", "code"], "properties": {
  "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
  "code": {"type": "string", "description": "A stable word, or AWS's own code."},
  "detail": {"type": "string"}, "field": {"type": "string", "description": "The member of the request that is to blame."},
  "remedy": {"type": "string", "description": "What to do about it."},
  "service": {"type": "string", "description": "The AWS service that said so."}, "request_id": {"type": "string"},
  "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}}}},
"FieldProblem": {"type": "object", "required": ["field", "code", "detail"], "properties": {
  "field": {"type": "string"}, "code": {"type": "string"}, "detail": {"type": "string"}, "remedy": {"type": "string"}}},
"Empty": {"type": "object", "additionalProperties": false},
"OpenApiDocument": {"type": "object", "required": ["openapi", "info", "paths"], "additionalProperties": true},
"RunState": {"enum": ["Queued", "Submitting", "Starting", "Running", "Succeeded", "Failed", "Cancelled", "Skipped"]},
"Trigger": {"enum": ["Schedule", "Dependency", "Manual", "Rerun", "Backfill", "Api", "Event"]},
"Time": {"type": "string", "format": "date-time"},
"Pause": {"type": "object", "required": ["by", "reason", "at"], "properties": {
  "by": {"type": "string"}, "reason": {"type": "string"}, "at": {"$ref": "#/components/schemas/Time"}}},
"ReasonRequest": {"type": "object", "additionalProperties": false, "properties": {"reason": {"type": "string", "maxLength": 1000}}},
"ResumeRequest": {"type": "object", "additionalProperties": false, "properties": {
  "run_kept_keys": {"type": "boolean", "default": false, "description": "Run the keys that the task kept, instead of dropping them."}}},
"PauseResult": {"type": "object", "required": ["paused"], "properties": {
  "paused": {"type": "boolean"}, "kind": {"type": "string"}, "name": {"type": "string"},
  "kept_keys": {"type": "integer", "description": "Keys that came up during the pause: they run where that was asked for, and are dropped otherwise."}}},
"BackupRequest": {"type": "object", "required": ["path"], "additionalProperties": false, "properties": {
  "path": {"type": "string", "description": "Absolute, on the server; the file must not exist."}}},
"BackupResult": {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}}},
"TokenRequest": {"type": "object", "required": ["key"], "additionalProperties": false, "properties": {
  "key": {"type": "string", "minLength": 1, "maxLength": 256}, "dedupe_id": {"type": "string", "maxLength": 256},
  "data": {"type": "object"}}},
"TokenResult": {"type": "object", "required": ["key", "fresh"], "properties": {
  "key": {"type": "string"}, "fresh": {"type": "boolean", "description": "False: this dedupe_id was seen before, and nothing happened."}}}
})json";

constexpr const char* run_schemas = R"json({
"Run": {"type": "object",
  "required": ["id", "task", "platform", "lane", "key", "rerun", "chain", "trigger", "state", "attempt", "priority",
               "downstream", "task_version", "created_at"],
  "properties": {
  "id": {"type": "integer"}, "task": {"type": "string"}, "platform": {"type": "string"},
  "lane": {"type": "string", "description": "live, manual:… or backfill:…"}, "key": {"type": "string"},
  "rerun": {"type": "integer", "description": "0: the first run of its key."}, "chain": {"type": "string"},
  "trigger": {"$ref": "#/components/schemas/Trigger"}, "state": {"$ref": "#/components/schemas/RunState"},
  "attempt": {"type": "integer"}, "priority": {"type": "integer"}, "downstream": {"type": "boolean"},
  "task_version": {"type": "integer"},
  "created_at": {"$ref": "#/components/schemas/Time"}, "queued_at": {"$ref": "#/components/schemas/Time"},
  "not_before": {"$ref": "#/components/schemas/Time"}, "submitted_at": {"$ref": "#/components/schemas/Time"},
  "started_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"},
  "pipeline_run_id": {"type": "string", "description": "AWS's id of the run."}, "monitor_url": {"type": "string"},
  "aws_status": {"type": "string"}, "message": {"type": "string"}, "code": {"type": "string"},
  "remedy": {"type": "string"}, "waiting_for": {"type": "string"}, "exit_code": {"type": "integer"},
  "cancel": {"type": "object", "required": ["cause", "by"], "properties": {"cause": {"type": "string"}, "by": {"type": "string"}}},
  "outputs": {"type": "object", "additionalProperties": true}, "values": {"type": "object", "additionalProperties": true}}},
"Attempt": {"type": "object", "required": ["attempt", "token"], "properties": {
  "attempt": {"type": "integer"}, "token": {"type": "string"}, "called_at": {"$ref": "#/components/schemas/Time"},
  "ended_at": {"$ref": "#/components/schemas/Time"}, "pipeline_run_id": {"type": "string"}, "aws_status": {"type": "string"},
  "code": {"type": "string"}, "message": {"type": "string"}, "exit_code": {"type": "integer"},
  "operation": {"type": "string"}, "request": {"type": "object", "additionalProperties": true, "description": "As sent; secrets are placeholders."},
  "provenance": {"type": "array", "items": {"type": "object", "required": ["member", "value", "source"], "properties": {
    "member": {"type": "string"}, "value": {"type": "string"}, "source": {"type": "string"}}}},
  "warnings": {"type": "array", "items": {"type": "string"}}}},
"HistoryEntry": {"type": "object", "required": ["sequence", "at", "state", "attempt", "message"], "properties": {
  "sequence": {"type": "integer"}, "at": {"$ref": "#/components/schemas/Time"}, "state": {"$ref": "#/components/schemas/RunState"},
  "attempt": {"type": "integer"}, "message": {"type": "string"}}},
"RunDetail": {"allOf": [{"$ref": "#/components/schemas/Run"}, {"type": "object", "required": ["attempts", "history"], "properties": {
  "attempts": {"type": "array", "items": {"$ref": "#/components/schemas/Attempt"}},
  "history": {"type": "array", "items": {"$ref": "#/components/schemas/HistoryEntry"}}}}]},
"RunPage": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}}, "next": {"type": "string"}}},
"RunOnceRequest": {"type": "object", "additionalProperties": false, "properties": {
  "values": {"type": "object", "description": "Over the task's, by parameter."},
  "key": {"type": "string", "description": "The interval to run for; default: the newest that has ended."},
  "downstream": {"type": "boolean", "default": false}, "priority": {"type": "integer"}}},
"RerunRequest": {"type": "object", "additionalProperties": false, "properties": {
  "scope": {"enum": ["only", "downstream", "failed"], "default": "only"},
  "include_succeeded": {"type": "boolean", "default": false}}},
"MarkSucceededRequest": {"type": "object", "additionalProperties": false, "properties": {"outputs": {"type": "object"}}},
"RunFilter": {"type": "object", "minProperties": 1, "additionalProperties": false, "properties": {
  "task": {"$ref": "#/components/schemas/Texts"}, "state": {"$ref": "#/components/schemas/Texts"},
  "platform": {"$ref": "#/components/schemas/Texts"}, "lane": {"type": "string"}, "key": {"type": "string"},
  "trigger": {"$ref": "#/components/schemas/Trigger"}, "from": {"$ref": "#/components/schemas/Time"},
  "to": {"$ref": "#/components/schemas/Time"}}},
"Texts": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
"BulkRequest": {"type": "object", "required": ["action", "filter"], "additionalProperties": false, "properties": {
  "action": {"enum": ["cancel", "rerun", "mark_succeeded", "skip"]}, "filter": {"$ref": "#/components/schemas/RunFilter"},
  "dry_run": {"type": "boolean", "default": false}}},
"BulkResult": {"type": "object", "required": ["runs", "refused"], "properties": {
  "runs": {"type": "array", "items": {"type": "integer"}, "description": "Made, or acted on (or to be, in a dry run)."},
  "refused": {"type": "array", "items": {"type": "object", "required": ["run", "code", "detail"], "properties": {
    "run": {"type": "integer"}, "code": {"type": "string"}, "detail": {"type": "string"}}}}}},
"LogPage": {"type": "object", "required": ["lines", "cursor", "at_end"], "properties": {
  "lines": {"type": "array", "items": {"type": "object", "required": ["time", "stream", "text"], "properties": {
    "time": {"$ref": "#/components/schemas/Time"}, "stream": {"type": "string"}, "text": {"type": "string"}}}},
  "cursor": {"type": "string"}, "at_end": {"type": "boolean", "description": "Nothing more right now."},
  "note": {"type": "string"}}},
"Chain": {"type": "object", "required": ["id", "lane", "key", "state", "states", "tasks", "created_at"], "properties": {
  "id": {"type": "string", "description": "TASK@LANE@KEY"}, "lane": {"type": "string"}, "key": {"type": "string"},
  "state": {"enum": ["Running", "Succeeded", "Failed", "Cancelled", "Skipped"]},
  "states": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "How many tasks are in which state."},
  "tasks": {"type": "array", "items": {"type": "object", "required": ["task", "run", "state"], "properties": {
    "task": {"type": "string"}, "run": {"type": "integer"}, "state": {"$ref": "#/components/schemas/RunState"}}}},
  "created_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"}}},
"ChainDetail": {"allOf": [{"$ref": "#/components/schemas/Chain"}, {"type": "object", "required": ["runs"], "properties": {
  "runs": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}}}}]},
"ChainPage": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"$ref": "#/components/schemas/Chain"}}, "next": {"type": "string"}}},
"Why": {"type": "object", "required": ["summary", "items"], "properties": {
  "summary": {"type": "string"},
  "items": {"type": "array", "items": {"type": "object", "required": ["subject", "in_the_way", "detail"], "properties": {
    "subject": {"type": "string"}, "in_the_way": {"type": "boolean"}, "detail": {"type": "string"}}}}}},
"FirePage": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"type": "object", "required": ["task", "at", "key", "time_zone"], "properties": {
    "task": {"type": "string"}, "at": {"$ref": "#/components/schemas/Time"}, "key": {"type": "string"},
    "time_zone": {"type": "string"}}}}, "next": {"type": "string"}}},
"BackfillRequest": {"type": "object", "required": ["from", "to"], "additionalProperties": false, "properties": {
  "from": {"type": "string"}, "to": {"type": "string", "description": "Inclusive."},
  "selection": {"enum": ["missing", "failed", "all"], "default": "missing"},
  "max_active": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1},
  "priority": {"type": "integer", "default": -10}, "newest_first": {"type": "boolean", "default": false},
  "downstream": {"type": "boolean", "default": false}, "dry_run": {"type": "boolean", "default": false}}},
"BackfillPlan": {"type": "object", "required": ["keys", "skipped"], "properties": {
  "id": {"type": "integer", "description": "Absent in a dry run."},
  "keys": {"type": "array", "items": {"type": "string"}}, "skipped": {"type": "integer"}}},
"Backfill": {"type": "object",
  "required": ["id", "task", "lane", "from", "to", "selection", "max_active", "priority", "newest_first", "downstream", "state", "planned"],
  "properties": {
  "id": {"type": "integer"}, "task": {"type": "string"}, "lane": {"type": "string"}, "from": {"type": "string"},
  "to": {"type": "string"}, "selection": {"enum": ["missing", "failed", "all"]}, "max_active": {"type": "integer"},
  "priority": {"type": "integer"}, "newest_first": {"type": "boolean"}, "downstream": {"type": "boolean"},
  "state": {"enum": ["active", "paused", "cancelled", "done"]}, "planned": {"type": "integer"},
  "next_key": {"type": "string"}, "created_by": {"type": "string"}, "created_at": {"$ref": "#/components/schemas/Time"},
  "progress": {"type": "object", "additionalProperties": {"type": "integer"}}}},
"BackfillPage": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"$ref": "#/components/schemas/Backfill"}}, "next": {"type": "string"}}}
})json";

constexpr const char* system_schemas = R"json({
"ServerStatus": {"type": "object",
  "required": ["version", "ready", "started_at", "definitions_version", "objects", "platforms", "pauses"],
  "properties": {
  "version": {"type": "string"}, "ready": {"type": "boolean"}, "started_at": {"$ref": "#/components/schemas/Time"},
  "store_error": {"type": "string"}, "definitions_version": {"type": "integer"},
  "objects": {"type": "object", "additionalProperties": {"type": "integer"}},
  "platforms": {"type": "array", "items": {"type": "object", "required": ["name", "queued", "in_flight"], "properties": {
    "name": {"type": "string"}, "queued": {"type": "integer"}, "in_flight": {"type": "integer"}, "error": {"type": "string"},
    "staleness_ms": {"type": "integer", "description": "Age of the oldest status among its runs."}}}},
  "nodes": {"type": "array", "description": "Servers that share the store, by their leases; none where it has one server", "items": {
    "type": "object", "required": ["name", "seen_at"], "properties": {
      "name": {"type": "string"}, "seen_at": {"$ref": "#/components/schemas/Time"}}}},
  "pauses": {"type": "array", "items": {"type": "object", "required": ["subject", "by", "reason", "at"], "properties": {
    "subject": {"type": "string"}, "by": {"type": "string"}, "reason": {"type": "string"},
    "at": {"$ref": "#/components/schemas/Time"}}}}}},
"AlertPage": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"type": "object", "required": ["id", "at", "kind", "subject", "delivered", "document"], "properties": {
    "id": {"type": "integer"}, "at": {"$ref": "#/components/schemas/Time"}, "kind": {"type": "string"},
    "subject": {"type": "string"}, "delivered": {"type": "boolean"}, "document": {"type": "object", "additionalProperties": true}}}},
  "next": {"type": "string"}}},
"AuditPage": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"type": "object", "required": ["sequence", "at", "actor", "action", "subject", "document"], "properties": {
    "sequence": {"type": "integer"}, "at": {"$ref": "#/components/schemas/Time"}, "actor": {"type": "string"},
    "action": {"type": "string"}, "subject": {"type": "string"}, "document": {"type": "object", "additionalProperties": true}}}},
  "next": {"type": "string"}}},
"ConnectionReport": {"type": "object", "required": ["passed", "checks"], "properties": {
  "passed": {"type": "boolean"}, "caller_arn": {"type": "string"}, "account": {"type": "string"},
  "credentials_source": {"type": "string"}, "clock_offset_ms": {"type": "integer"},
  "checks": {"type": "array", "items": {"type": "object", "required": ["name", "passed", "detail"], "properties": {
    "name": {"type": "string"}, "passed": {"type": "boolean"}, "detail": {"type": "string"}, "remedy": {"type": "string"}}}}}},
"Polls": {"type": "object",
  "required": ["name", "type", "followed", "early", "cancelling", "jobs", "late_ms", "due", "so_far", "operations"],
  "properties": {
  "name": {"type": "string"}, "type": {"enum": ["aws_glue", "aws_batch", "aws_sagemaker", "aws_step_functions"]},
  "followed": {"type": "integer", "description": "Runs in flight that this server follows."},
  "early": {"type": "integer", "description": "Of these: whose end is far off, so that early_freshness holds."},
  "cancelling": {"type": "integer"}, "jobs": {"type": "integer", "description": "That these runs belong to."},
  "staleness_ms": {"type": "integer", "description": "Age of the oldest status among its runs."},
  "late_ms": {"type": "integer", "description": "By which the most overdue look is late; 0: every run is within its freshness."},
  "due": {"type": "object", "required": ["in_10_s", "in_1_min", "in_5_min"], "description": "Runs whose next look is due by then.",
    "properties": {"in_10_s": {"type": "integer"}, "in_1_min": {"type": "integer"}, "in_5_min": {"type": "integer"}}},
  "next": {"type": "object", "required": ["in_ms", "calls"], "description": "The next sweep.", "properties": {
    "in_ms": {"type": "integer", "description": "0 or below: it is under way, or waits for a rate limit."},
    "calls": {"type": "array", "items": {"type": "object", "required": ["operation", "runs", "riding", "calls"], "properties": {
      "operation": {"type": "string"}, "job": {"type": "string", "description": "Whose runs they are; absent: any."},
      "runs": {"type": "integer", "description": "Those that are due."},
      "riding": {"type": "integer", "description": "Those that are answered for too, at no cost."},
      "calls": {"type": "integer"}}}}}},
  "so_far": {"type": "object", "required": ["sweeps", "calls", "statuses"], "description": "Since the server began; calls as planned.",
    "properties": {"sweeps": {"type": "integer"}, "calls": {"type": "integer"}, "statuses": {"type": "integer"}}},
  "error": {"type": "string", "description": "Why its statuses cannot be read right now."},
  "operations": {"type": "array", "description": "Rate limits, shared with every platform of the account in the region.", "items": {
    "type": "object", "required": ["service", "operation", "calls", "throttles", "rate_per_s", "most_per_s", "tokens", "waiting"], "properties": {
    "service": {"type": "string"}, "operation": {"type": "string"}, "calls": {"type": "integer"},
    "throttles": {"type": "integer", "description": "Calls that AWS refused as too many."},
    "rate_per_s": {"type": "number", "description": "What is sent at most right now; below most_per_s after throttling."},
    "most_per_s": {"type": "number"}, "tokens": {"type": "number", "description": "Calls that could go at once."},
    "waiting": {"type": "integer", "description": "Calls that wait for a token."}}}}}},
"Parameter": {"type": "object", "required": ["name", "type", "direction", "required"], "properties": {
  "name": {"type": "string"}, "type": {"enum": ["string", "integer", "number", "boolean", "json"]},
  "direction": {"enum": ["Input", "Output", "InputOutput"]}, "required": {"type": "boolean"},
  "default": {"type": "string"}, "description": {"type": "string"},
  "allowed_values": {"type": "array", "items": {"type": "string"}}}},
"DiscoveredJobPage": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"type": "object", "required": ["external_id", "name", "parameters", "details"], "properties": {
    "external_id": {"type": "string"}, "name": {"type": "string"}, "description": {"type": "string"},
    "parameters": {"type": "array", "items": {"$ref": "#/components/schemas/Parameter"}},
    "details": {"type": "object", "additionalProperties": true}}}},
  "warnings": {"type": "array", "items": {"type": "string"}}, "next": {"type": "string"}}},
"Document": {"type": "object", "additionalProperties": true, "description": "A definition, as in files; docs/definition.md."},
"Object": {"type": "object", "required": ["kind", "name", "version", "document"], "properties": {
  "kind": {"enum": ["platform", "profile", "job", "task", "source"]}, "name": {"type": "string"},
  "version": {"type": "integer", "description": "Rises with every change; also the ETag."},
  "owner": {"type": "string"}, "managed_by": {"type": "string", "description": "The directory that it is applied from."},
  "created_at": {"$ref": "#/components/schemas/Time"}, "updated_at": {"$ref": "#/components/schemas/Time"},
  "paused": {"$ref": "#/components/schemas/Pause"}, "document": {"$ref": "#/components/schemas/Document"}}},
"ObjectPage": {"type": "object", "required": ["items"], "properties": {
  "items": {"type": "array", "items": {"$ref": "#/components/schemas/Object"}}, "next": {"type": "string"}}}
})json";

constexpr const char* definition_schemas = R"json({
"SourceFile": {"type": "object", "required": ["path", "text"], "additionalProperties": false, "properties": {
  "path": {"type": "string", "description": "What problems call it."}, "text": {"type": "string", "description": "YAML or JSON."}}},
"EnvironmentFile": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
  "name": {"type": "string"}, "path": {"type": "string"}, "text": {"type": "string", "description": "A flat map, the values of ${env.X}."}}},
"ApplyRequest": {"type": "object", "additionalProperties": false, "properties": {
  "files": {"type": "array", "items": {"$ref": "#/components/schemas/SourceFile"}},
  "environment": {"$ref": "#/components/schemas/EnvironmentFile"},
  "managed_by": {"type": "string", "description": "The directory of the files: what it manages, prune may delete."},
  "prune": {"type": "boolean", "default": false, "description": "Delete what the directory manages and no file defines."},
  "adopt": {"type": "boolean", "default": false, "description": "Manage also what is the same already and others manage."},
  "if_version": {"type": "integer", "description": "The definitions_version of the plan that was shown; else 412."},
  "dry_run": {"type": "boolean", "default": false}}},
"FieldChange": {"type": "object", "required": ["field"], "properties": {
  "field": {"type": "string"}, "old": {"description": "Absent: was not there."}, "new": {"description": "Absent: is gone."}}},
"Change": {"type": "object", "required": ["action", "kind", "name"], "properties": {
  "action": {"enum": ["create", "change", "delete"]}, "kind": {"enum": ["platform", "profile", "job", "task", "source"]},
  "name": {"type": "string"}, "place": {"type": "string", "description": "FILE:LINE:COLUMN"},
  "fields": {"type": "array", "items": {"$ref": "#/components/schemas/FieldChange"}}}},
"Warning": {"type": "object", "required": ["field", "detail"], "properties": {"field": {"type": "string"}, "detail": {"type": "string"}}},
"Plan": {"type": "object", "required": ["dry_run", "create", "change", "delete", "unchanged", "changes", "definitions_version"], "properties": {
  "dry_run": {"type": "boolean"}, "create": {"type": "integer"}, "change": {"type": "integer"}, "delete": {"type": "integer"},
  "unchanged": {"type": "integer"}, "changes": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
  "of_others": {"type": "array", "items": {"type": "string"}, "description": "Unchanged ones that this directory does not manage."},
  "environment": {"type": "array", "items": {"$ref": "#/components/schemas/FieldChange"}, "description": "Present where it changes."},
  "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/Warning"}}, "definitions_version": {"type": "integer"}}},
"ImportRequest": {"type": "object", "additionalProperties": false, "properties": {
  "filter": {"$ref": "#/components/schemas/Texts"},
  "namespace": {"type": "string", "description": "Of new jobs; default: the platform's name."},
  "dry_run": {"type": "boolean", "default": false}}},
"ImportResult": {"allOf": [{"$ref": "#/components/schemas/Plan"}, {"type": "object", "required": ["discovered", "gone", "refused"], "properties": {
  "discovered": {"type": "integer", "description": "How many jobs AWS has."},
  "gone": {"type": "array", "items": {"type": "string"}, "description": "Imported jobs that AWS has no more; they stay."},
  "refused": {"type": "array", "items": {"type": "object", "required": ["name", "detail"], "properties": {
    "name": {"type": "string"}, "detail": {"type": "string"}}}, "description": "Jobs left as they are, since a task does not bear the change."},
  "import_warnings": {"type": "array", "items": {"type": "string"}}}}]},
"ValidateRequest": {"type": "object", "additionalProperties": false, "properties": {
  "files": {"type": "array", "items": {"$ref": "#/components/schemas/SourceFile"}},
  "environment": {"$ref": "#/components/schemas/EnvironmentFile"},
  "kind": {"enum": ["platform", "profile", "job", "task", "source"]}, "document": {"$ref": "#/components/schemas/Document"}}},
"Verdict": {"type": "object", "required": ["valid", "problems"], "properties": {
  "valid": {"type": "boolean"}, "problems": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
  "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/Warning"}}}},
"Export": {"type": "object", "required": ["files", "definitions_version"], "properties": {
  "files": {"type": "array", "items": {"$ref": "#/components/schemas/SourceFile"}},
  "environment": {"$ref": "#/components/schemas/EnvironmentFile"}, "definitions_version": {"type": "integer"}}}
})json";

}  // namespace

boost::json::object component_schemas() {
    boost::json::object out;
    for (const auto* text : {shared_schemas, run_schemas, system_schemas, definition_schemas}) {
        auto group = boost::json::parse(text);
        for (auto& [name, schema] : group.get_object()) out[name] = std::move(schema);
    }
    return out;
}

}  // namespace polysync::api
