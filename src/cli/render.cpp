#include "cli/render.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace polysync::cli {
namespace {

Colour colour_of(PipelineRunStatus status) {
    switch (status) {
        case PipelineRunStatus::success:
            return Colour::green;
        case PipelineRunStatus::failed:
            return Colour::red;
        case PipelineRunStatus::cancelled:
            return Colour::yellow;
        case PipelineRunStatus::starting:
        case PipelineRunStatus::running:
            break;
    }
    return Colour::cyan;
}

boost::json::object to_json(const Parameter& parameter) {
    boost::json::object out{{"name", parameter.name},
                            {"type", to_string(parameter.type)},
                            {"direction", to_string(parameter.direction)},
                            {"required", parameter.required},
                            {"default", nullptr}};
    if (parameter.default_value) out["default"] = *parameter.default_value;
    if (!parameter.allowed_values.empty()) {
        boost::json::array values;
        for (const auto& value : parameter.allowed_values) values.emplace_back(value);
        out["allowed_values"] = std::move(values);
    }
    if (!parameter.description.empty()) out["description"] = parameter.description;
    return out;
}

}  // namespace

boost::json::object to_json(const PipelineRun& run) {
    boost::json::object outputs;
    for (const auto& [name, value] : run.outputs) outputs[name] = value;
    boost::json::object out{{"run_id", run.run_id},          {"status", to_string(run.status)},
                            {"aws_status", run.aws_status},  {"message", run.message},
                            {"remedy", run.remedy},          {"monitor_url", run.monitor_url},
                            {"outputs", std::move(outputs)}, {"exit_code", nullptr}};
    if (run.exit_code) out["exit_code"] = *run.exit_code;
    return out;
}

boost::json::object to_json(const Job& job) {
    boost::json::array parameters;
    for (const auto& parameter : job.parameters) parameters.push_back(to_json(parameter));
    boost::json::object attributes = job.details;
    for (const auto& [key, value] : job.attributes) attributes[key] = value;
    return {{"external_id", job.external_id},
            {"name", job.name},
            {"parameters", std::move(parameters)},
            {"attributes", std::move(attributes)}};
}

std::string describe_status(const PipelineRun& run, const Output& output, bool on_stderr) {
    std::string word = output.paint(colour_of(run.status), to_string(run.status), on_stderr);
    return run.aws_status.empty() ? word : fmt::format("{} ({})", word, printable(run.aws_status));
}

std::string describe_progress(const PipelineRun& run) {
    std::string counts;
    for (const auto& part : run.progress) {
        if (part.count != 0)
            counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", part.count, printable(part.status));
    }
    return counts.empty() ? "" : fmt::format("{}: {}", run.progress_unit, counts);
}

std::string describe_duration(Millis duration) {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    if (seconds >= 3600)
        return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::string describe(const PipelineRun& run, const Output& output) {
    std::string out;
    auto line = [&](std::string_view label, std::string_view text) {
        if (text.empty()) return;
        std::string body;
        for (char c : printable(text)) {
            body += c;
            if (c == '\n') body.append(12, ' ');
        }
        out += fmt::format("{:<12}{}\n", label, body);
    };
    line("run id", run.run_id);
    out += fmt::format("{:<12}{}\n", "status", describe_status(run, output, false));
    line("progress", describe_progress(run));
    if (run.started_at && run.ended_at && *run.ended_at >= *run.started_at) {
        line("duration", describe_duration(*run.ended_at - *run.started_at));
    }
    line("message", run.message);
    line("what to do", run.remedy);
    if (run.exit_code) line("exit code", std::to_string(*run.exit_code));
    for (const auto& [name, value] : run.outputs) {
        line("output", fmt::format("{} = {}", name, write_json(value)));
    }
    line("outputs", run.outputs_note);
    line("console", run.monitor_url);
    if (!out.empty()) out.pop_back();
    return out;
}

std::string shell_word(std::string_view word) {
    constexpr std::string_view safe =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+,=";
    if (!word.empty() && word.find_first_not_of(safe) == std::string_view::npos) return std::string(word);
    std::string out = "'";
    for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

}  // namespace polysync::cli
