#include "api/run_filter.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/nearest.h"

namespace polysync::api {
namespace {

constexpr std::array states{RunState::queued,    RunState::submitting, RunState::starting,
                            RunState::running,   RunState::succeeded,  RunState::failed,
                            RunState::cancelled, RunState::skipped};
constexpr std::array triggers{Trigger::schedule, Trigger::dependency, Trigger::manual, Trigger::rerun,
                              Trigger::backfill, Trigger::api,        Trigger::event};

template <class List>
std::vector<std::string> words_of(const List& list) {
    std::vector<std::string> out;
    for (auto value : list) out.emplace_back(to_string(value));
    return out;
}

void unknown(Fields& fields, std::string_view field, const std::string& word,
             const std::vector<std::string>& known) {
    auto near = nearest_word(word, known);
    fields.complain(field, "unknown_name", fmt::format("there is no {} '{}'", field, word),
                    near.empty() ? std::string() : fmt::format("Did you mean '{}'?", near));
}

std::string word_schema(const std::vector<std::string>& words) {
    boost::json::array list;
    for (const auto& word : words) list.emplace_back(word);
    boost::json::object item{{"type", "string"}, {"enum", std::move(list)}};
    return boost::json::serialize(boost::json::object{{"type", "array"}, {"items", std::move(item)}});
}

}  // namespace

store::RunFilter read_run_filter(Fields& fields, const engine::Catalog& catalog) {
    store::RunFilter filter;
    for (const auto& name : fields.texts("task")) {
        if (const auto* task = catalog.task(QualifiedName(name))) {
            filter.tasks.push_back(task->id);
            continue;
        }
        std::vector<std::string> known;
        for (const auto& [id, task] : catalog.tasks) known.push_back(task.task.meta.name.str());
        unknown(fields, "task", name, known);
    }
    for (const auto& name : fields.texts("platform")) {
        std::vector<std::string> known;
        bool found = false;
        for (const auto& [id, platform] : catalog.platforms) {
            known.push_back(platform.name.str());
            if (platform.name.str() != name) continue;
            filter.platforms.push_back(id);
            found = true;
        }
        if (!found) unknown(fields, "platform", name, known);
    }
    for (const auto& word : fields.texts("state")) {
        if (auto state = parse_run_state(word)) {
            filter.states.push_back(*state);
        } else {
            unknown(fields, "state", word, words_of(states));
        }
    }
    if (auto word = fields.text("trigger")) {
        filter.trigger = parse_trigger(*word);
        if (!filter.trigger) unknown(fields, "trigger", *word, words_of(triggers));
    }
    filter.lane = fields.text("lane");
    filter.key = fields.text("key");
    filter.created_from = fields.time("from");
    filter.created_before = fields.time("to");
    return filter;
}

bool passes(const store::RunFilter& filter, const TaskRun& run) {
    auto holds = [](const auto& list, const auto& value) {
        return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
    };
    return holds(filter.tasks, run.key.task) && holds(filter.states, run.state) &&
           holds(filter.platforms, run.platform) && (!filter.lane || *filter.lane == run.key.lane) &&
           (!filter.key || *filter.key == run.key.key) &&
           (!filter.trigger || *filter.trigger == run.trigger) &&
           (!filter.created_from || *filter.created_from <= run.created_at) &&
           (!filter.created_before || run.created_at < *filter.created_before);
}

std::vector<QueryParameter> run_filter_query() {
    std::string texts = R"({"type":"array","items":{"type":"string"}})";
    std::string text = R"({"type":"string"})", time = R"({"type":"string","format":"date-time"})";
    return {
        {"task", texts, "Runs of these tasks."},
        {"state", word_schema(words_of(states)), "Runs in these states."},
        {"platform", texts, "Runs on these platforms."},
        {"lane", text, "Runs of this lane: live, manual:…, backfill:…"},
        {"key", text, "Runs of this key."},
        {"trigger",
         R"({"type":"string","enum":["Schedule","Dependency","Manual","Rerun","Backfill","Api","Event"]})",
         "Runs made by this trigger."},
        {"from", time, "Runs made at or after this time."},
        {"to", time, "Runs made before this time."}};
}

}  // namespace polysync::api
