#include "api/views.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "runtime/intent.h"

namespace polysync::api {
namespace {

namespace json = boost::json;

void put(json::object& out, std::string_view name, const std::string& text) {
    if (!text.empty()) out[name] = text;
}

void put(json::object& out, std::string_view name, const std::optional<SystemTime>& time) {
    if (time && time->time_since_epoch().count() != 0) out[name] = format_iso8601(*time);
}

std::string_view cause_word(CancelCause cause) { return to_string(cause); }

// What the attempt sent, and where each part came from; secrets are placeholders already.
void put_intent(json::object& out, const std::string& text) {
    if (text.empty()) return;
    auto stored = runtime::read_intent(text);
    if (!stored) return;
    const auto& intent = stored.value().intent;
    put(out, "operation", intent.operation);
    out["request"] = intent.request;
    json::array provenance, warnings;
    for (const auto& part : intent.provenance)
        provenance.push_back(
            json::object{{"member", part.member}, {"value", part.value}, {"source", part.source}});
    for (const auto& warning : intent.warnings) warnings.emplace_back(warning);
    if (!provenance.empty()) out["provenance"] = std::move(provenance);
    if (!warnings.empty()) out["warnings"] = std::move(warnings);
}

}  // namespace

json::value stored_json(const std::string& text) {
    if (text.empty()) return json::object();
    json::error_code error;
    auto value = json::parse(text, error);
    if (error) return json::object();
    return value;
}

std::string Names::gone(ObjectId id, store::ReadTransaction* transaction) {
    auto known = gone_.find(id);
    if (known != gone_.end()) return known->second;
    std::string name = fmt::format("#{}", number(id));
    if (!transaction) return name;
    auto object = transaction->object_version(id, 1);
    if (object && object.value()) name = object.value()->name.str();
    gone_[id] = name;
    return name;
}

std::string Names::task(ObjectId id, store::ReadTransaction* transaction) {
    const auto* known = catalog_->task(id);
    return known ? known->task.meta.name.str() : gone(id, transaction);
}

std::string Names::platform(ObjectId id, store::ReadTransaction* transaction) {
    auto known = catalog_->platforms.find(id);
    return known == catalog_->platforms.end() ? gone(id, transaction) : known->second.name.str();
}

std::string Names::chain(const RunKey& key) {
    // The component's first task is the same for all its runs, and costs a walk over the graph.
    auto& root = roots_[key.task];
    if (root.empty()) {
        auto id = catalog_->chain_id({key.task, "", "", 0});
        root = id.substr(0, id.size() - 2);  // without "@" lane "@" key
    }
    return fmt::format("{}@{}@{}", root, key.lane, key.key);
}

json::object run_json(const TaskRun& run, Names& names, store::ReadTransaction* transaction) {
    json::object out{{"id", number(run.id)},
                     {"task", names.task(run.key.task, transaction)},
                     {"platform", names.platform(run.platform, transaction)},
                     {"lane", run.key.lane},
                     {"key", run.key.key},
                     {"rerun", run.key.rerun},
                     {"chain", names.chain(run.key)},
                     {"trigger", to_string(run.trigger)},
                     {"state", to_string(run.state)},
                     {"attempt", run.attempt},
                     {"priority", run.priority},
                     {"downstream", run.downstream},
                     {"task_version", run.task_version},
                     {"created_at", format_iso8601(run.created_at)}};
    put(out, "queued_at", run.queued_at);
    if (run.state == RunState::queued && run.not_before > run.created_at)
        put(out, "not_before", run.not_before);
    put(out, "submitted_at", run.submitted_at);
    put(out, "started_at", run.started_at);
    put(out, "ended_at", run.ended_at);
    put(out, "pipeline_run_id", run.pipeline_run_id);
    put(out, "monitor_url", run.monitor_url);
    put(out, "aws_status", run.aws_status);
    put(out, "message", run.message);
    put(out, "code", run.code);
    put(out, "remedy", run.remedy);
    put(out, "waiting_for", run.waiting_for);
    if (run.exit_code) out["exit_code"] = *run.exit_code;
    if (run.cancel != CancelCause::none)
        out["cancel"] = json::object{{"cause", cause_word(run.cancel)}, {"by", run.cancel_by}};
    if (!run.outputs.empty()) out["outputs"] = stored_json(run.outputs);
    if (!run.values.empty()) out["values"] = stored_json(run.values);
    return out;
}

json::object attempt_json(const Attempt& attempt) {
    json::object out{{"attempt", attempt.attempt}, {"token", attempt.token}};
    put(out, "called_at", attempt.called_at);
    put(out, "ended_at", attempt.ended_at);
    put(out, "pipeline_run_id", attempt.pipeline_run_id);
    put(out, "aws_status", attempt.aws_status);
    put(out, "code", attempt.code);
    put(out, "message", attempt.message);
    if (attempt.exit_code) out["exit_code"] = *attempt.exit_code;
    put_intent(out, attempt.intent);
    return out;
}

json::object history_json(const HistoryEntry& entry) {
    return {{"sequence", entry.sequence},
            {"at", format_iso8601(entry.at)},
            {"state", to_string(entry.state)},
            {"attempt", entry.attempt},
            {"message", entry.message}};
}

json::object pause_json(const store::Pause& pause) {
    return {{"by", pause.by}, {"reason", pause.reason}, {"at", format_iso8601(pause.at)}};
}

json::object object_json(const store::Object& object, const store::Pause* pause) {
    json::object out{
        {"kind", store::to_string(object.kind)}, {"name", object.name.str()}, {"version", object.version}};
    put(out, "owner", object.owner);
    put(out, "managed_by", object.managed_by);
    put(out, "created_at", object.created_at);
    put(out, "updated_at", object.updated_at);
    if (pause) out["paused"] = pause_json(*pause);
    out["document"] = stored_json(object.document);
    return out;
}

json::object backfill_json(const store::Backfill& backfill, Names& names,
                           store::ReadTransaction* transaction) {
    json::object out{{"id", backfill.id},
                     {"task", names.task(backfill.task, transaction)},
                     {"lane", fmt::format("backfill:{}", backfill.id)},
                     {"from", backfill.first_key},
                     {"to", backfill.last_key},
                     {"selection", backfill.selection},
                     {"max_active", backfill.max_active},
                     {"priority", backfill.priority},
                     {"newest_first", backfill.newest_first},
                     {"downstream", backfill.downstream},
                     {"state", store::to_string(backfill.state)},
                     {"planned", backfill.planned}};
    put(out, "next_key", backfill.next_key);
    put(out, "created_by", backfill.created_by);
    put(out, "created_at", backfill.created_at);
    return out;
}

json::object alert_json(const store::Alert& alert) {
    return {{"id", alert.id},
            {"at", format_iso8601(alert.at)},
            {"kind", alert.kind},
            {"subject", alert.subject},
            {"delivered", alert.delivered},
            {"document", stored_json(alert.document)}};
}

json::object audit_json(const store::AuditEntry& entry) {
    return {{"sequence", entry.sequence}, {"at", format_iso8601(entry.at)},
            {"actor", entry.actor},       {"action", entry.action},
            {"subject", entry.subject},   {"document", stored_json(entry.document)}};
}

json::object page_json(json::array items, const std::string& next) {
    json::object out{{"items", std::move(items)}};
    put(out, "next", next);
    return out;
}

json::object bulk_json(const std::vector<RunId>& runs, const std::vector<std::pair<RunId, Error>>& refused) {
    json::array ids, refusals;
    for (auto id : runs) ids.emplace_back(number(id));
    for (const auto& [id, error] : refused)
        refusals.push_back(
            json::object{{"run", number(id)}, {"code", error.code}, {"detail", error.message}});
    return {{"runs", std::move(ids)}, {"refused", std::move(refusals)}};
}

}  // namespace polysync::api
