// Tasks (TASK-1 to TASK-13).
#include <fmt/format.h>

#include "definition/codec.h"

namespace polysync::definition {
namespace {

constexpr std::string_view zone_pattern = "[A-Za-z][A-Za-z0-9_+/-]{0,63}";
constexpr std::string_view zone_form = "an IANA time zone such as Europe/Vienna";
constexpr std::string_view grain_pattern = "none|hour|day|week|month";
constexpr std::string_view deadline_pattern =
    "([01][0-9]|2[0-3]):[0-5][0-9]( [A-Za-z][A-Za-z0-9_+/-]{0,63})?";

const Table<Schedule>& schedule_table() {
    static const Table<Schedule> table{
        field<Schedule>(
            "cron", [](auto& s) -> auto& { return s.cron; }, TextCodec{},
            "Five fields, or @hourly, @daily, @weekly, @monthly.", true),
        field<Schedule>(
            "time_zone", [](auto& s) -> auto& { return s.time_zone; }, TextCodec{zone_pattern, zone_form},
            "IANA zone of the cron; default UTC."),
        field<Schedule>(
            "misfire", [](auto& s) -> auto& { return s.misfire; },
            WordCodec<Misfire>{{Misfire::fire_once, Misfire::skip, Misfire::catch_up}, parse_misfire},
            "What happens to fires that downtime swallowed; default fire_once: the latest key only."),
        field<Schedule>(
            "catch_up_limit", [](auto& s) -> auto& { return s.catch_up_limit; }, IntegerCodec{1, 100},
            "How many fires catch_up makes up for at most."),
    };
    return table;
}

const Table<PartitionSpec>& partition_table() {
    static const Table<PartitionSpec> table{
        field<PartitionSpec>(
            "grain", [](auto& p) -> auto& { return p.grain; },
            TextCodec{grain_pattern, "none, hour, day, week or month"},
            "The interval of time that one run works on; default none."),
        field<PartitionSpec>(
            "time_zone", [](auto& p) -> auto& { return p.time_zone; }, TextCodec{zone_pattern, zone_form},
            "IANA zone in which intervals are cut; default UTC."),
        field<PartitionSpec>(
            "offset", [](auto& p) -> auto& { return p.offset; }, DurationCodec<std::chrono::minutes>{},
            "How long after midnight (or the hour) intervals begin."),
    };
    return table;
}

// A literal of a condition: a text, a number, true or false.
struct LiteralCodec {
    [[nodiscard]] std::optional<boost::json::value> read(const Member& member, const Scope& scope) const {
        if (member.value.is_scalar()) return to_json(member.value);
        scope.findings.error(member.value.mark, "\"value\" must be a text, a number, true or false");
        return std::nullopt;
    }
    [[nodiscard]] boost::json::value write(const boost::json::value& value) const { return value; }
    [[nodiscard]] boost::json::object schema() const {
        return {{"type", boost::json::array{"string", "number", "boolean"}}};
    }
};

const Table<Condition>& condition_table() {
    using enum Comparison;
    static const Table<Condition> table{
        field<Condition>(
            "output", [](auto& c) -> auto& { return c.output; }, TextCodec{}, "An output of the parent.",
            true),
        field<Condition>(
            "comparison", [](auto& c) -> auto& { return c.comparison; },
            WordCodec<Comparison>{{equal, not_equal, less, less_or_equal, greater, greater_or_equal},
                                  parse_comparison},
            "How it compares with the value; default ==."),
        field<Condition>(
            "value", [](auto& c) -> auto& { return c.value; }, LiteralCodec{}, "What it is compared with.",
            true),
    };
    return table;
}

// `task` or `source`: the parent.
Field<Dependency> parent_field(bool is_source) {
    Field<Dependency> out;
    out.name = is_source ? "source" : "task";
    out.description = is_source ? "The event source that it waits for." : "The task that it waits for.";
    out.read = [is_source](const Member& member, Dependency& dependency, const Scope& scope) {
        auto name = NameCodec{}.read(member, scope);
        if (!name) return;
        dependency.parent = std::move(*name);
        dependency.parent_is_source = is_source;
    };
    out.write = [is_source](const Dependency& dependency, boost::json::object& into) {
        if (dependency.parent_is_source == is_source)
            into[is_source ? "source" : "task"] = NameCodec{}.write(dependency.parent);
    };
    out.schema = [description = out.description] {
        auto schema = NameCodec{}.schema();
        schema["description"] = description;
        return schema;
    };
    return out;
}

const Table<Dependency>& dependency_table() {
    using enum Outcome;
    static const Table<Dependency> table{
        parent_field(false),
        parent_field(true),
        field<Dependency>(
            "on", [](auto& d) -> auto& { return d.on; },
            ListCodec<Outcome, WordCodec<Outcome>>{{{success, failure, cancelled, skipped}, parse_outcome},
                                                   true},
            "Which ends of the parent let this task run: one or a list; default success."),
        field<Dependency>(
            "when", [](auto& d) -> auto& { return d.when; }, MapCodec<Condition>{condition_table, "\"when\""},
            "A comparison on one output of the parent."),
        field<Dependency>(
            "match", [](auto& d) -> auto& { return d.match; },
            WordCodec<Match>{{Match::same, Match::latest, Match::all_in_interval}, parse_match},
            "Which keys of the parent belong to a key; default same."),
        field<Dependency>(
            "max_age", [](auto& d) -> auto& { return d.max_age; }, DurationCodec<std::chrono::seconds>{},
            "With match latest: how old the newest success may be."),
    };
    return table;
}

void check_dependency(const Node& node, Dependency& dependency, const Scope& scope) {
    bool task = node.find("task"), source = node.find("source");
    if (task == source)
        scope.findings.error(node.mark, task ? "a dependency has both \"task\" and \"source\"; it takes one"
                                             : "a dependency lacks \"task\" (or \"source\")");
    for (std::size_t i = 0; i < dependency.on.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (dependency.on[i] == dependency.on[j])
                scope.findings.error(node.find("on")->mark,
                                     fmt::format("\"on\" names {} twice", to_string(dependency.on[i])));
}

const Table<RetryPolicy>& retry_table();

// Attempts alone mean that retries are wanted.
void finish_retry(const Node& node, RetryPolicy& retry, const Scope&) {
    if (!node.find("enabled")) retry.enabled = retry.max_attempts > 1;
}

Field<RetryPolicy> enabled_field() {
    auto out = field<RetryPolicy>(
        "enabled", [](auto& r) -> auto& { return r.enabled; }, BooleanCodec{},
        "Default: true where max_attempts is above 1.");
    out.write = [](const RetryPolicy& retry, boost::json::object& into) {
        if (retry.enabled != (retry.max_attempts > 1)) into["enabled"] = retry.enabled;
    };
    return out;
}

const Table<RetryPolicy>& retry_table() {
    using Seconds = DurationCodec<std::chrono::seconds>;
    static const Table<RetryPolicy> table{
        enabled_field(),
        field<RetryPolicy>(
            "max_attempts", [](auto& r) -> auto& { return r.max_attempts; }, IntegerCodec{1, 100},
            "In all, the first one included; default 1."),
        field<RetryPolicy>(
            "infrastructure_retries", [](auto& r) -> auto& { return r.infrastructure_retries; },
            IntegerCodec{0, 100}, "Further attempts after losses to infrastructure; default 2."),
        field<RetryPolicy>(
            "backoff", [](auto& r) -> auto& { return r.backoff; },
            WordCodec<Backoff>{{Backoff::exponential, Backoff::linear, Backoff::fixed}, parse_backoff},
            "How delays grow; default Exponential."),
        field<RetryPolicy>(
            "initial_delay", [](auto& r) -> auto& { return r.initial_delay; }, Seconds{},
            "Before the second attempt; default 60s."),
        field<RetryPolicy>(
            "max_delay", [](auto& r) -> auto& { return r.max_delay; }, Seconds{}, "Default 15m."),
        field<RetryPolicy>(
            "jitter", [](auto& r) -> auto& { return r.jitter; }, BooleanCodec{},
            "Vary delays, so that many retries do not meet; default true."),
    };
    return table;
}

// "07:30 Europe/Vienna"
struct DeadlineCodec {
    [[nodiscard]] std::optional<Deadline> read(const Member& member, const Scope& scope) const {
        auto text = read_text(member, scope.findings);
        if (!text) return std::nullopt;
        if (!matches(*text, deadline_pattern)) {
            scope.findings.error(
                member.value.mark,
                "\"deadline\" must be a time of day with a zone, such as \"07:30 Europe/Vienna\"");
            return std::nullopt;
        }
        Deadline out;
        auto digit = [&](std::size_t at) { return (*text)[at] - '0'; };
        out.local_time = std::chrono::minutes((digit(0) * 10 + digit(1)) * 60 + digit(3) * 10 + digit(4));
        if (text->size() > 6) out.time_zone = text->substr(6);
        return out;
    }
    [[nodiscard]] boost::json::value write(const Deadline& value) const {
        auto minutes = value.local_time.count();
        auto text = fmt::format("{:02}:{:02} {}", minutes / 60, minutes % 60, value.time_zone);
        return boost::json::value(std::string_view(text));
    }
    [[nodiscard]] boost::json::object schema() const {
        return {{"type", "string"}, {"pattern", fmt::format("^{}$", deadline_pattern)}};
    }
};

void add_work(Table<Task>& table) {
    table.push_back(field<Task>(
        "job", [](auto& t) -> auto& { return t.job; }, NameCodec{}, "The job that it runs.", true));
    table.push_back(field<Task>(
        "values", [](auto& t) -> auto& { return t.values; }, TextMapCodec{true},
        "Values by parameter: literals, templates such as ${interval.start}, references such as "
        "env://NAME."));
    table.push_back(field<Task>(
        "attributes", [](auto& t) -> auto& { return t.attributes; }, AttributesCodec{},
        "Attributes of the job that this task overrides."));
    table.push_back(field<Task>(
        "allow_secret_parameters", [](auto& t) -> auto& { return t.allow_secret_parameters; }, BooleanCodec{},
        "Lets references to secrets stand in parameters that AWS shows or logs."));
}

void add_triggers(Table<Task>& table) {
    table.push_back(field<Task>(
        "schedules", [](auto& t) -> auto& { return t.schedules; },
        ListCodec<Schedule, MapCodec<Schedule>>{{schedule_table, "a schedule"}}, "When it runs by itself."));
    table.push_back(field<Task>(
        "partition", [](auto& t) -> auto& { return t.partition; },
        MapCodec<PartitionSpec>{partition_table, "\"partition\""}, "How it cuts time into keys."));
    table.push_back(field<Task>(
        "dependencies", [](auto& t) -> auto& { return t.dependencies; },
        ListCodec<Dependency, MapCodec<Dependency>>{{dependency_table, "a dependency", check_dependency}},
        "What it waits for, key by key."));
}

void add_conduct(Table<Task>& table) {
    using Seconds = DurationCodec<std::chrono::seconds>;
    table.push_back(field<Task>(
        "retry", [](auto& t) -> auto& { return t.retry; },
        MapCodec<RetryPolicy>{retry_table, "\"retry\"", finish_retry}, "What happens after a failure."));
    table.push_back(field<Task>(
        "priority", [](auto& t) -> auto& { return t.priority; }, IntegerCodec{-1000, 1000},
        "Higher ones are dispatched first; default 0."));
    table.push_back(field<Task>(
        "execution_timeout", [](auto& t) -> auto& { return t.execution_timeout; }, Seconds{},
        "A run that takes longer is cancelled at AWS and fails; default 24h."));
    table.push_back(field<Task>(
        "queue_timeout", [](auto& t) -> auto& { return t.queue_timeout; }, Seconds{},
        "How long AWS may say \"not now\" before the run fails; default: for ever."));
    table.push_back(field<Task>(
        "max_active", [](auto& t) -> auto& { return t.max_active; }, IntegerCodec{1, 10'000},
        "How many of its runs may be active at once; default 1."));
    table.push_back(field<Task>(
        "overlap", [](auto& t) -> auto& { return t.overlap; },
        WordCodec<Overlap>{{Overlap::queue, Overlap::skip}, parse_overlap},
        "What happens to a fire while max_active runs are active; default queue."));
    table.push_back(field<Task>(
        "deadline", [](auto& t) -> auto& { return t.deadline; }, DeadlineCodec{},
        "An alert is raised for a key that has not succeeded by then."));
    table.push_back(field<Task>(
        "freshness", [](auto& t) -> auto& { return t.freshness; }, Seconds{},
        "How old the status of a run may get; default 30s."));
    table.push_back(field<Task>(
        "early_freshness", [](auto& t) -> auto& { return t.early_freshness; }, Seconds{},
        "How old it may get before four fifths of what the task's runs usually take; default: ten times the "
        "freshness, at most 5m."));
}

}  // namespace

const Table<Task>& task_table() {
    static const Table<Task> table = [] {
        Table<Task> made;
        add_metadata(made, "Name of the task, unique in its namespace.");
        add_work(made);
        add_triggers(made);
        add_conduct(made);
        return made;
    }();
    return table;
}

}  // namespace polysync::definition
