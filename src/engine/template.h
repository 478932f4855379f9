// Substitutions in parameters and attributes (TASK-1): no language, only ${…} names.
//
//   ${interval.start}  ${interval.end-1d|%Y-%m-%d}  ${interval.key}  ${run.id}  ${run.attempt}  ${chain.id}
//   ${task.name}
//   ${parents.NAME.outputs.X}  ${env.X}             $${ is a literal ${
//
// Offsets are +n or -n with m, h (elapsed time), d, w, M (the calendar of the task's zone). Formats take
// strftime's %Y %y %m %d %j %H %M %S %F %T %z %s %a %b %u %V %G %%; without one: ISO 8601 with the zone's
// offset.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/interval.h"

namespace polysync::engine {

struct TemplateContext {
    std::optional<Interval> interval;  // tasks without a grain have none
    TimeZone zone = TimeZone::utc();
    std::string run_id, chain_id, task_name;
    int attempt = 1;
    std::map<std::string, std::string> environment;
    // The text of one output of a parent, by the parent's name; nothing where it has none.
    std::function<std::optional<std::string>(std::string_view parent, std::string_view output)> parent_output;
};

// Parsed once when a definition is saved, rendered for every run.
class Template {
  public:
    // Errors: invalid_input, with the column (from 1) of what is wrong and the names there are.
    [[nodiscard]] static Result<Template> parse(std::string_view text);

    [[nodiscard]] bool is_constant() const;
    // The parents whose outputs it reads, for the check that they are dependencies.
    [[nodiscard]] std::vector<std::string> parents() const;
    // The environment names that it reads, for the check that the values file has them.
    [[nodiscard]] std::vector<std::string> environment_names() const;
    [[nodiscard]] bool needs_interval() const;

    // Errors: invalid_input, naming the substitution that has no value.
    [[nodiscard]] Result<std::string> render(const TemplateContext& context) const;

    struct IntervalPart {
        bool at_end = false;
        int offset = 0;
        char unit = 0;  // 0: none
        std::string format;
    };
    enum class Name { interval_key, run_id, run_attempt, chain_id, task_name };
    struct ParentPart {
        std::string parent, output;
    };
    struct EnvironmentPart {
        std::string name;
    };
    using Part = std::variant<std::string, Name, IntervalPart, ParentPart, EnvironmentPart>;

  private:
    std::vector<Part> parts_;
};

// strftime's subset named above. Errors: invalid_input for another conversion.
[[nodiscard]] Result<std::string> format_time(std::string_view format, SystemTime time, const TimeZone& zone);

}  // namespace polysync::engine
