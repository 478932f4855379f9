// Jobs, contention profiles (CON-1 to CON-3) and event sources (TASK-14).
#include "definition/codec.h"

namespace polysync::definition {
namespace {

// The default of a parameter: the text of any scalar or structure.
struct DefaultCodec {
    [[nodiscard]] std::optional<std::string> read(const Member& member, const Scope& scope) const {
        Node map;
        map.kind = NodeKind::map;
        map.members.push_back(member);
        auto values = TextMapCodec{true}.read({"default", member.mark, std::move(map)}, scope);
        if (!values || values->empty()) return std::nullopt;
        return values->begin()->second;
    }
    [[nodiscard]] boost::json::value write(const std::string& value) const {
        return boost::json::value(std::string_view(value));
    }
    [[nodiscard]] boost::json::object schema() const { return {}; }
};

// What the last import said. Only the store's documents bring it in: it is no business of files, and a
// document that the API gave may come back with it.
Field<JobDefinition> imported_field() {
    Field<JobDefinition> out;
    out.name = "imported";
    out.description = "What the last import said; kept by the server.";
    out.read = [](const Member& member, JobDefinition& job, const Scope& scope) {
        if (scope.origin == Scope::Origin::file)
            scope.findings.error(member.mark, "\"imported\" is kept by the server; leave it out of files");
        if (scope.origin == Scope::Origin::stored && member.value.is_map())
            job.imported = to_json(member.value).as_object();
    };
    out.write = [](const JobDefinition& job, boost::json::object& into) {
        if (!job.imported.empty()) into["imported"] = job.imported;
    };
    out.schema = [] { return boost::json::object{{"type", "object"}}; };
    return out;
}

}  // namespace

const Table<Parameter>& parameter_table() {
    using enum DataType;
    using enum Direction;
    static const Table<Parameter> table{
        field<Parameter>(
            "name", [](auto& p) -> auto& { return p.name; }, TextCodec{}, "Name, as AWS knows it.", true),
        field<Parameter>(
            "type", [](auto& p) -> auto& { return p.type; },
            WordCodec<DataType>{{string, integer, number, boolean, json}, parse_data_type},
            "Default string."),
        field<Parameter>(
            "direction", [](auto& p) -> auto& { return p.direction; },
            WordCodec<Direction>{{input, output, input_output}, parse_direction}, "Default Input."),
        field<Parameter>(
            "default", [](auto& p) -> auto& { return p.default_value; }, DefaultCodec{},
            "The value that holds where none is given; shown, and left to AWS."),
        field<Parameter>(
            "required", [](auto& p) -> auto& { return p.required; }, BooleanCodec{}, "Default false."),
        field<Parameter>(
            "allowed_values", [](auto& p) -> auto& { return p.allowed_values; },
            ListCodec<std::string, TextCodec>{}, "The values that it takes; default any."),
        field<Parameter>(
            "description", [](auto& p) -> auto& { return p.description; }, TextCodec{.many_lines = true},
            "What it is for."),
    };
    return table;
}

const Table<JobDefinition>& job_table() {
    static const Table<JobDefinition> table = [] {
        Table<JobDefinition> made;
        add_metadata(made, "Name of the job, unique in its namespace.");
        made.push_back(field<JobDefinition>(
            "platform", [](auto& j) -> auto& { return j.platform; }, NameCodec{},
            "The platform that it runs on.", true));
        made.push_back(field<JobDefinition>(
            "external_id", [](auto& j) -> auto& { return j.external_id; }, TextCodec{},
            "AWS's name of it: Glue job, Batch definition, SageMaker pipeline, ARN of a state machine.",
            true));
        made.push_back(field<JobDefinition>(
            "parameters", [](auto& j) -> auto& { return j.parameters; },
            ListCodec<Parameter, MapCodec<Parameter>>{{parameter_table, "a parameter"}},
            "Parameters beside those that an import finds, or in their place."));
        made.push_back(field<JobDefinition>(
            "values", [](auto& j) -> auto& { return j.values; }, TextMapCodec{true},
            "Values by parameter, for every task of this job."));
        made.push_back(field<JobDefinition>(
            "attributes", [](auto& j) -> auto& { return j.attributes; }, AttributesCodec{},
            "Attributes that its platform's type knows."));
        made.push_back(imported_field());
        return made;
    }();
    return table;
}

const Table<ContentionProfile>& profile_table() {
    using Seconds = DurationCodec<std::chrono::seconds>;
    using P = ContentionProfile;
    static const Table<P> table = [] {
        Table<P> made;
        add_metadata(made, "Name of the profile, unique in its namespace.");
        Table<P> rest{
            field<P>(
                "type", [](auto& p) -> auto& { return p.type; },
                WordCodec<ProfileType>{{ProfileType::concurrency, ProfileType::rate_limit},
                                       parse_profile_type},
                "What it limits; fixed once saved.", true),
            field<P>(
                "scope", [](auto& p) -> auto& { return p.scope; },
                WordCodec<ProfileScope>{{ProfileScope::platform, ProfileScope::global}, parse_profile_scope},
                "One limit per platform (default), or one for all linked ones together."),
            field<P>(
                "platforms", [](auto& p) -> auto& { return p.platforms; },
                ListCodec<QualifiedName, NameCodec>{}, "The platforms that it limits."),
            field<P>(
                "exceed_action", [](auto& p) -> auto& { return p.exceed_action; },
                WordCodec<ExceedAction>{
                    {ExceedAction::queue, ExceedAction::reject, ExceedAction::defer_to_next_window},
                    parse_exceed_action},
                "What happens to a run above the limit; default Queue."),
            field<P>(
                "max_concurrent_tasks", [](auto& p) -> auto& { return p.max_concurrent_tasks; },
                IntegerCodec{1, 1'000'000}, "concurrency: how many runs are in flight at most; default 1."),
            field<P>(
                "queue_size_limit", [](auto& p) -> auto& { return p.queue_size_limit; },
                IntegerCodec{0, 1'000'000}, "concurrency: how many runs may wait; default any number."),
            field<P>(
                "queue_timeout", [](auto& p) -> auto& { return p.queue_timeout; }, Seconds{},
                "concurrency: how long a run may wait before it fails; default for ever."),
            field<P>(
                "algorithm", [](auto& p) -> auto& { return p.algorithm; },
                WordCodec<RateAlgorithm>{{RateAlgorithm::token_bucket, RateAlgorithm::leaky_bucket},
                                         parse_rate_algorithm},
                "rate_limit: Token Bucket (bursts, default) or Leaky Bucket (smooth)."),
            field<P>(
                "limit", [](auto& p) -> auto& { return p.limit; }, NumberCodec{},
                "rate_limit: dispatches per window; default 1."),
            field<P>(
                "window", [](auto& p) -> auto& { return p.window; }, Seconds{}, "rate_limit: default 60s."),
            field<P>(
                "bucket_size", [](auto& p) -> auto& { return p.bucket_size; }, NumberCodec{},
                "rate_limit: how many dispatches may come at once; default limit."),
            field<P>(
                "refill_per_second", [](auto& p) -> auto& { return p.refill_per_s; }, NumberCodec{},
                "rate_limit: default limit / window."),
        };
        for (auto& each : rest) made.push_back(std::move(each));
        return made;
    }();
    return table;
}

const Table<EventSource>& source_table() {
    static const Table<EventSource> table = [] {
        Table<EventSource> made;
        add_metadata(made, "Name of the source, unique in its namespace.");
        return made;
    }();
    return table;
}

}  // namespace polysync::definition
