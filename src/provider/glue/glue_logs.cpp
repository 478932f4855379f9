#include "provider/glue/glue_logs.h"

#include <charconv>

#include <fmt/format.h>

#include "provider/glue/glue_run.h"

namespace polysync::glue {

namespace {

// The calendars of Glue and CloudWatch need not agree to the second.
constexpr Millis clock_slack = std::chrono::minutes(5);

// "5.1" → 5; 0 where the version is not known.
int major_version(std::string_view version) {
    int major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    return major;
}

class Planner {
  public:
    Planner(const aws::glue::JobRun& run, const aws::glue::Job* definition)
        : run_(run), definition_(definition) {}

    LogPlan plan() {
        bool is_python = definition_ && definition_->command_name == "pythonshell";
        std::string base = run_.log_group_name;
        if (base.empty()) base = is_python ? "/aws-glue/python-jobs" : "/aws-glue/jobs";
        std::string prefix = run_.id;
        if (!is_python && major_version(version()) >= 5) {
            if (auto custom = argument("--custom-logGroup-prefix"); !custom.empty()) base = custom;
            if (auto custom = argument("--custom-logStream-prefix"); !custom.empty()) prefix = custom;
            add(base + "/output", "output", prefix);
            add(base + "/error", "error", prefix);
            return std::move(plan_);
        }
        add(base + "/output", "output", prefix);
        add(base + "/error", "error", prefix);
        if (!is_python && argument("--enable-continuous-cloudwatch-log") == "true") {
            std::string group = argument("--continuous-log-logGroup");
            if (auto custom = argument("--continuous-log-logStreamPrefix"); !custom.empty()) prefix = custom;
            add(group.empty() ? base + "/logs-v2" : group, "continuous", prefix);
        }
        return std::move(plan_);
    }

  private:
    std::string_view version() const {
        return run_.glue_version.empty() && definition_ ? definition_->glue_version : run_.glue_version;
    }

    // Of the run, else of the definition.
    std::string argument(const std::string& name) const {
        if (auto own = run_.arguments.find(name); own != run_.arguments.end()) return own->second;
        if (!definition_) return {};
        auto inherited = definition_->default_arguments.find(name);
        return inherited == definition_->default_arguments.end() ? std::string() : inherited->second;
    }

    void add(std::string group, std::string_view label, const std::string& prefix) {
        LogSource source;
        source.group = std::move(group);
        source.stream_prefix = prefix;
        source.label = label;
        if (run_.started_on) source.start = *run_.started_on - clock_slack;
        if (prefix == run_.id) {
            source.label_of = [base = std::string(label), run_id = run_.id](std::string_view stream) {
                return label_stream(base, run_id, stream);
            };
        } else if (run_.completed_on) {
            // A prefix of the user's own is shared by all runs of the job: only time tells them apart.
            source.end = *run_.completed_on + clock_slack;
            plan_.is_lasting = false;
        } else {
            plan_.is_lasting = false;
        }
        plan_.sources.push_back(std::move(source));
    }

    const aws::glue::JobRun& run_;
    const aws::glue::Job* definition_;
    LogPlan plan_;
};

}  // namespace

LogPlan plan_logs(const aws::glue::JobRun& run, const aws::glue::Job* definition) {
    return Planner(run, definition).plan();
}

std::optional<std::string> label_stream(std::string_view base, std::string_view run_id,
                                        std::string_view stream) {
    if (!stream.starts_with(run_id)) return std::nullopt;
    std::string_view rest = stream.substr(run_id.size());
    std::string label(base);
    constexpr std::string_view mark = "_attempt_";
    if (rest.starts_with(mark)) {
        rest.remove_prefix(mark.size());
        int number = 0;
        auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (status != std::errc()) return std::nullopt;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        // AWS counts retries from 1, people count attempts from 1.
        label += fmt::format(" attempt {}", number + 1);
    }
    if (rest.empty() || rest == "-driver") return label;
    // "-3" an executor; "_g-…" an executor of older versions; "-progress-bar".
    if (rest.front() != '-' && rest.front() != '_') return std::nullopt;
    return fmt::format("{} {}", label, rest.substr(1));
}

}  // namespace polysync::glue
