#include "sandbox/services/pipeline_definition.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace polysync::sandbox {

namespace {

std::string plain(const Json& value) {
    return value.is_string() ? std::string(view(value)) : json_text(value);
}

void read_parameters(const JsonObject& root, PipelineDefinition& definition) {
    const JsonArray* list = list_in(root, "Parameters");
    for (const Json& item : list ? *list : JsonArray()) {
        const JsonObject* entry = item.if_object();
        if (!entry) continue;
        PipelineParameter parameter{
            text(*entry, "Name"), text(*entry, "Type", "String"), has(*entry, "DefaultValue"), {}};
        const JsonArray* values = list_in(*entry, "EnumValues");
        for (const Json& value : values ? *values : JsonArray())
            parameter.enum_values.push_back(plain(value));
        definition.parameters.push_back(std::move(parameter));
    }
}

// Steps, and behind each condition those of its branch that is taken (the first).
void read_steps(const JsonArray& list, const std::vector<std::string>& after, int depth,
                std::vector<PipelineStep>& steps) {
    if (depth > 8) return;
    for (const Json& item : list) {
        const JsonObject* entry = item.if_object();
        if (!entry) continue;
        PipelineStep step{text(*entry, "Name"), text(*entry, "Type", "Processing"),
                          texts(*entry, "DependsOn")};
        step.depends_on.insert(step.depends_on.end(), after.begin(), after.end());
        steps.push_back(step);
        const JsonObject* arguments = object_in(*entry, "Arguments");
        if (step.type != "Condition" || !arguments) continue;
        if (const JsonArray* taken = list_in(*arguments, "IfSteps"))
            read_steps(*taken, {step.name}, depth + 1, steps);
    }
}

// Sorts so that every step comes after those it depends on. False where that cannot be.
bool order_steps(std::vector<PipelineStep>& steps) {
    std::vector<PipelineStep> ordered;
    std::set<std::string> done;
    while (!steps.empty()) {
        const auto ready = [&](const PipelineStep& step) {
            return std::all_of(step.depends_on.begin(), step.depends_on.end(),
                               [&](const std::string& name) { return done.contains(name); });
        };
        const auto next = std::find_if(steps.begin(), steps.end(), ready);
        if (next == steps.end()) return false;
        done.insert(next->name);
        ordered.push_back(std::move(*next));
        steps.erase(next);
    }
    steps = std::move(ordered);
    return true;
}

bool is_integer(std::string_view value) {
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    return error == std::errc() && stop == value.data() + value.size() && !value.empty();
}

bool is_float(std::string_view value) {
    double number = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    return error == std::errc() && stop == value.data() + value.size() && !value.empty();
}

bool is_boolean(std::string_view value) {
    return value == "true" || value == "false" || value == "True" || value == "False";
}

bool fits(const PipelineParameter& parameter, std::string_view value) {
    if (parameter.type == "Integer") return is_integer(value);
    if (parameter.type == "Float") return is_float(value);
    if (parameter.type == "Boolean") return is_boolean(value);
    return true;
}

}  // namespace

Result<PipelineDefinition> read_pipeline_definition(std::string definition_text) {
    PipelineDefinition definition;
    definition.text = std::move(definition_text);
    if (definition.text.empty()) {
        definition.steps = {{"Run", "Processing", {}}};
        return definition;
    }
    boost::system::error_code error;
    const Json root = boost::json::parse(definition.text, error);
    if (error || !root.is_object()) {
        return make_error(ErrorKind::invalid_input, "invalid_definition",
                          "the pipeline definition is no JSON object");
    }
    read_parameters(root.get_object(), definition);
    if (const JsonArray* steps = list_in(root.get_object(), "Steps"))
        read_steps(*steps, {}, 0, definition.steps);
    if (!order_steps(definition.steps)) {
        return make_error(ErrorKind::invalid_input, "invalid_definition",
                          "a step depends on an unknown step or on itself");
    }
    return definition;
}

std::string wrong_pipeline_parameters(const PipelineDefinition& definition, const JsonArray* given) {
    std::set<std::string> named;
    for (const Json& item : given ? *given : JsonArray()) {
        const std::string name = text(item.as_object(), "Name");
        const std::string value = text(item.as_object(), "Value");
        const auto known = std::find_if(definition.parameters.begin(), definition.parameters.end(),
                                        [&](const PipelineParameter& each) { return each.name == name; });
        if (known == definition.parameters.end()) {
            return fmt::format("Pipeline parameter [{}] is not defined in the pipeline definition.", name);
        }
        if (!named.insert(name).second)
            return fmt::format("Pipeline parameter [{}] is given more than once.", name);
        if (!fits(*known, value)) {
            return fmt::format("Value [{}] of pipeline parameter [{}] does not match its type [{}].", value,
                               name, known->type);
        }
        const auto& allowed = known->enum_values;
        if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
            return fmt::format("Value [{}] of pipeline parameter [{}] is not one of its enum values [{}].",
                               value, name, fmt::join(allowed, ", "));
        }
    }
    for (const PipelineParameter& parameter : definition.parameters) {
        if (!parameter.has_default && !named.contains(parameter.name)) {
            return fmt::format("Pipeline parameter [{}] has no default value and none was given.",
                               parameter.name);
        }
    }
    return {};
}

PipelinePlan plan_pipeline(const PipelineDefinition& definition, const Outcome& outcome, int max_parallel,
                           const std::vector<std::string>& selected) {
    const bool fails = outcome.status == "Failed" || outcome.status == "CompletedWithFailures";
    const bool goes_on = outcome.status == "CompletedWithFailures";
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        const auto& name = definition.steps[i].name;
        if (selected.empty() || std::find(selected.begin(), selected.end(), name) != selected.end())
            wanted.push_back(i);
    }
    std::string failing = outcome.failing_step;
    if (fails && failing.empty() && !wanted.empty()) failing = definition.steps[wanted.back()].name;

    PipelinePlan plan;
    std::map<std::string, int> wave_of;
    std::set<std::string> broken;
    std::vector<int> used;
    for (const std::size_t i : wanted) {
        const PipelineStep& step = definition.steps[i];
        int wave = 0;
        bool behind = false;
        for (const std::string& other : step.depends_on) {
            if (wave_of.contains(other)) wave = std::max(wave, wave_of[other] + 1);
            behind = behind || broken.contains(other);
        }
        while (max_parallel > 0 && std::size_t(wave) < used.size() && used[std::size_t(wave)] >= max_parallel)
            ++wave;
        if (used.size() <= std::size_t(wave)) used.resize(std::size_t(wave) + 1);
        ++used[std::size_t(wave)];
        wave_of[step.name] = wave;
        const bool this_fails = fails && step.name == failing;
        if (this_fails || behind) broken.insert(step.name);
        if (!behind) plan.steps.push_back({i, wave, this_fails});
    }
    plan.all_waves = std::max<int>(1, int(used.size()));
    plan.waves = plan.all_waves;
    const auto failed =
        std::find_if(plan.steps.begin(), plan.steps.end(), [](const StepPlan& s) { return s.fails; });
    if (failed != plan.steps.end() && !goes_on) {
        plan.waves = failed->wave + 1;
        std::erase_if(plan.steps, [&](const StepPlan& step) { return step.wave >= plan.waves; });
    }
    return plan;
}

}  // namespace polysync::sandbox
