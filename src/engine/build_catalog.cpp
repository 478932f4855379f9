// Checks that need more than one object, and compiles what tasks say as text.
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"
#include "engine/catalog.h"
#include "model/attribute_schema.h"

namespace polysync::engine {
namespace {

Error invalid(std::string message, std::string remedy = {}) {
    return make_error(ErrorKind::invalid_input, "invalid_definition", std::move(message), std::move(remedy));
}

bool nests(Grain finer, Grain coarser) {
    switch (finer) {
        case Grain::hour:
            return coarser == Grain::day || coarser == Grain::week || coarser == Grain::month;
        case Grain::day:
            return coarser == Grain::week || coarser == Grain::month;
        default:
            return false;  // weeks do not nest in months
    }
}

bool is_reference(std::string_view text) {
    return !text.empty() && !SecretReference{std::string(text)}.is_clear_text();
}

class Builder {
  public:
    explicit Builder(const CatalogInput& input) : input_(input), catalog_(std::make_shared<Catalog>()) {
        catalog_->version = input.version;
        catalog_->environment = input.environment;
    }

    CatalogResult build() {
        index_names();
        for (const auto& entry : input_.platforms)
            catalog_->platforms[entry.id] = {entry.id, entry.name, entry.platform, {}};
        for (const auto& entry : input_.sources)
            catalog_->sources[entry.id] = {entry.id, entry.source.meta.name, {}};
        for (const auto& entry : input_.profiles) add_profile(entry);
        for (const auto& entry : input_.jobs) add_job(entry);
        for (const auto& entry : input_.tasks) add_task(entry);
        for (const auto& entry : input_.tasks) link(entry);
        for (const auto& entry : input_.tasks) check_edges(entry);
        check_cycles();
        if (!problems_.empty()) return {nullptr, std::move(problems_)};
        return {std::move(catalog_), {}};
    }

  private:
    using Names = std::map<std::string, ObjectId>;

    void index_names() {
        for (const auto& entry : input_.platforms) platform_names_[entry.name.str()] = entry.id;
        for (const auto& entry : input_.jobs) job_names_[entry.job.meta.name.str()] = entry.id;
        for (const auto& entry : input_.tasks) task_names_[entry.task.meta.name.str()] = entry.id;
        for (const auto& entry : input_.sources) source_names_[entry.source.meta.name.str()] = entry.id;
    }

    void complain(std::string kind, const QualifiedName& object, std::string field, Error error) {
        problems_.push_back({std::move(kind), object, std::move(field), std::move(error)});
    }

    // The id of that name; a problem that names the nearest one where there is none.
    std::optional<ObjectId> look_up(const Names& names, const QualifiedName& name, std::string_view what,
                                    std::string kind, const QualifiedName& object, std::string field) {
        auto found = names.find(name.str());
        if (found != names.end()) return found->second;
        std::vector<std::string> known;
        for (const auto& [candidate, id] : names) known.push_back(candidate);
        auto near = nearest_word(name.str(), known);
        complain(std::move(kind), object, std::move(field),
                 invalid(fmt::format("there is no {} '{}'{}", what, name.str(),
                                     near.empty() ? "" : fmt::format("; did you mean '{}'?", near))));
        return std::nullopt;
    }

    void add_profile(const CatalogInput::ProfileEntry& entry) {
        const auto& profile = entry.profile;
        const auto& name = profile.meta.name;
        auto bad = [&](std::string field, std::string message) {
            complain("profile", name, std::move(field), invalid(std::move(message)));
        };
        if (profile.type == ProfileType::concurrency) {
            if (profile.max_concurrent_tasks < 1) bad("max_concurrent_tasks", "must be at least 1");
            if (profile.exceed_action == ExceedAction::defer_to_next_window)
                bad("exceed_action", "DeferToNextWindow belongs to rate limits");
            if (profile.queue_size_limit && *profile.queue_size_limit < 0)
                bad("queue_size_limit", "must not be negative");
        } else {
            if (profile.limit <= 0) bad("limit", "must be above zero");
            if (profile.window.count() <= 0) bad("window", "must be above zero");
            if (profile.bucket_size && *profile.bucket_size < 1) bad("bucket_size", "must be at least 1");
            if (profile.refill_per_s && *profile.refill_per_s <= 0)
                bad("refill_per_second", "must be above zero");
        }
        catalog_->profiles[entry.id] = {entry.id, profile};
        for (std::size_t i = 0; i < profile.platforms.size(); ++i) {
            auto platform = look_up(platform_names_, profile.platforms[i], "platform", "profile", name,
                                    fmt::format("platforms[{}]", i));
            if (platform) catalog_->platforms[*platform].profiles.push_back(entry.id);
        }
    }

    void add_job(const CatalogInput::JobEntry& entry) {
        CatalogJob job{entry.id, entry.version, ObjectId{}, entry.job};
        auto platform =
            look_up(platform_names_, entry.job.platform, "platform", "job", entry.job.meta.name, "platform");
        if (platform) {
            job.platform = *platform;
            check_attributes("job", entry.job.meta.name, entry.job.attributes, *platform);
        }
        if (entry.job.external_id.empty())
            complain("job", entry.job.meta.name, "external_id", invalid("must not be empty"));
        catalog_->jobs[entry.id] = std::move(job);
    }

    // Their values were checked by definition/; which of them a job takes, its platform's type says.
    void check_attributes(std::string_view kind, const QualifiedName& object,
                          const boost::json::object& attributes, ObjectId platform) {
        auto type = catalog_->platforms[platform].platform.type;
        for (const auto& attribute : attributes) {
            std::string_view name = attribute.key();
            auto schema = attribute_schema(type);
            bool known = std::any_of(schema.begin(), schema.end(), [&](const AttributeSpec& spec) {
                return spec.in_job && spec.name == name;
            });
            if (known) continue;
            std::vector<std::string> names;
            for (const auto& spec : schema)
                if (spec.in_job) names.push_back(spec.name);
            complain(std::string(kind), object, fmt::format("attributes.{}", name),
                     invalid(fmt::format("jobs of {} have no attribute '{}'", to_string(type), name),
                             fmt::format("They have: {}.", fmt::join(names, ", "))));
        }
    }

    void add_task(const CatalogInput::TaskEntry& entry) {
        const auto& task = entry.task;
        const auto& name = task.meta.name;
        CatalogTask made;
        made.id = entry.id;
        made.version = entry.version;
        made.task = task;
        if (auto job = look_up(job_names_, task.job, "job", "task", name, "job")) {
            made.job = *job;
            made.platform = catalog_->jobs[*job].platform;
            if (number(made.platform) != 0) check_attributes("task", name, task.attributes, made.platform);
        }
        read_partition(task, made);
        for (std::size_t i = 0; i < task.schedules.size(); ++i) read_schedule(task, i, made);
        check_numbers(task);
        if (task.deadline) {
            auto zone = TimeZone::find(task.deadline->time_zone);
            if (zone) {
                made.deadline_zone = zone.value();
            } else {
                complain("task", name, "deadline", zone.error());
            }
            if (made.partition.grain == Grain::none)
                complain("task", name, "deadline", invalid("a deadline needs a grain: it is kept per key"));
        }
        read_values(made);
        read_attributes(made);
        catalog_->task_ids[entry.task.meta.name] = entry.id;
        catalog_->tasks[entry.id] = std::move(made);
    }

    void read_partition(const Task& task, CatalogTask& made) {
        auto grain = parse_grain(task.partition.grain);
        if (!grain)
            complain("task", task.meta.name, "partition.grain",
                     invalid(fmt::format("'{}' is no grain", task.partition.grain),
                             "Grains: none, hour, day, week, month."));
        auto zone = TimeZone::find(task.partition.time_zone);
        if (!zone) complain("task", task.meta.name, "partition.time_zone", zone.error());
        if (grain && zone) made.partition = {*grain, zone.value(), task.partition.offset};
        auto longest = grain == Grain::hour ? std::chrono::minutes(60) : std::chrono::minutes(24 * 60);
        if (task.partition.offset.count() < 0 || task.partition.offset >= longest)
            complain("task", task.meta.name, "partition.offset",
                     invalid("must be from 0 to under an hour for grain hour, under a day otherwise"));
    }

    void read_schedule(const Task& task, std::size_t index, CatalogTask& made) {
        const auto& schedule = task.schedules[index];
        auto field = [&](std::string_view part) { return fmt::format("schedules[{}].{}", index, part); };
        auto cron = CronExpression::parse(schedule.cron);
        if (!cron) complain("task", task.meta.name, field("cron"), cron.error());
        auto zone = TimeZone::find(schedule.time_zone);
        if (!zone) complain("task", task.meta.name, field("time_zone"), zone.error());
        if (schedule.catch_up_limit < 1 || schedule.catch_up_limit > 100)
            complain("task", task.meta.name, field("catch_up_limit"), invalid("must be from 1 to 100"));
        if (cron && zone) made.schedules.push_back({schedule, cron.value(), zone.value()});
    }

    void check_numbers(const Task& task) {
        auto bad = [&](std::string field, std::string message) {
            complain("task", task.meta.name, std::move(field), invalid(std::move(message)));
        };
        if (task.max_active < 1) bad("max_active", "must be at least 1");
        if (task.execution_timeout.count() <= 0) bad("execution_timeout", "must be above zero");
        if (task.queue_timeout && task.queue_timeout->count() <= 0)
            bad("queue_timeout", "must be above zero");
        if (task.freshness.count() <= 0) bad("freshness", "must be above zero");
        if (task.early_freshness && *task.early_freshness < task.freshness)
            bad("early_freshness", "must not be below freshness");
        const auto& retry = task.retry;
        if (retry.max_attempts < 1 || retry.max_attempts > 100)
            bad("retry.max_attempts", "must be from 1 to 100");
        if (retry.infrastructure_retries < 0 || retry.infrastructure_retries > 100)
            bad("retry.infrastructure_retries", "must be from 0 to 100");
        if (retry.initial_delay.count() < 0) bad("retry.initial_delay", "must not be negative");
        if (retry.max_delay < retry.initial_delay) bad("retry.max_delay", "must not be under initial_delay");
    }

    // The job's values under the task's; each compiled and checked.
    void read_values(CatalogTask& made) {
        std::map<std::string, std::string> texts;
        auto job = catalog_->jobs.find(made.job);
        if (job != catalog_->jobs.end()) texts = job->second.job.values;
        for (const auto& [name, text] : made.task.values) texts[name] = text;
        for (const auto& [name, text] : texts) {
            auto field = fmt::format("values.{}", name);
            auto compiled = Template::parse(text);
            if (!compiled) {
                complain("task", made.task.meta.name, field, compiled.error());
                continue;
            }
            check_template(made, field, compiled.value());
            if (compiled.value().is_constant()) check_constant(made, name, text, field);
            if (compiled.value().is_constant() && is_reference(text) && !made.task.allow_secret_parameters)
                complain(
                    "task", made.task.meta.name, field,
                    invalid(fmt::format("parameter '{}' refers to a secret, and AWS shows or logs parameters",
                                        name),
                            "Set allow_secret_parameters: true on the task if that is what you want."));
            made.values.emplace(name, std::move(compiled.value()));
        }
    }

    void check_template(const CatalogTask& made, const std::string& field, const Template& compiled) {
        if (compiled.needs_interval() && made.partition.grain == Grain::none)
            complain("task", made.task.meta.name, field,
                     invalid("reads the interval, but the task has no grain",
                             "Give the task a grain: hour, day, week or month."));
        for (const auto& variable : compiled.environment_names())
            if (!input_.environment.contains(variable))
                complain("task", made.task.meta.name, field,
                         invalid(fmt::format("the environment's values file has no '{}'", variable)));
        for (const auto& parent : compiled.parents()) {
            const auto& edges = made.task.dependencies;
            bool is_edge = std::any_of(edges.begin(), edges.end(), [&](const Dependency& dependency) {
                return dependency.parent.str() == parent;
            });
            if (!is_edge)
                complain("task", made.task.meta.name, field,
                         invalid(fmt::format("reads outputs of '{}', which is no dependency", parent),
                                 "Add it to dependencies."));
        }
    }

    // Texts of attributes are templates too, the job's for each task that runs it.
    void read_attributes(const CatalogTask& made) {
        auto job = catalog_->jobs.find(made.job);
        if (job != catalog_->jobs.end())
            for (const auto& [name, value] : job->second.job.attributes)
                if (!made.task.attributes.contains(name))
                    read_attribute(made, fmt::format("attributes.{}", std::string(name)), value);
        for (const auto& [name, value] : made.task.attributes)
            read_attribute(made, fmt::format("attributes.{}", std::string(name)), value);
    }

    void read_attribute(const CatalogTask& made, const std::string& field, const boost::json::value& value) {
        if (const auto* text = value.if_string()) {
            auto compiled = Template::parse(*text);
            if (compiled) {
                check_template(made, field, compiled.value());
            } else {
                complain("task", made.task.meta.name, field, compiled.error());
            }
        } else if (const auto* list = value.if_array()) {
            for (std::size_t i = 0; i < list->size(); ++i)
                read_attribute(made, fmt::format("{}[{}]", field, i), (*list)[i]);
        } else if (const auto* object = value.if_object()) {
            for (const auto& [name, item] : *object)
                read_attribute(made, fmt::format("{}.{}", field, std::string(name)), item);
        }
    }

    void check_constant(const CatalogTask& made, const std::string& name, const std::string& text,
                        const std::string& field) {
        auto job = catalog_->jobs.find(made.job);
        if (job == catalog_->jobs.end()) return;
        if (is_reference(text)) return;
        for (const auto& parameter : job->second.job.parameters) {
            if (parameter.name != name) continue;
            if (auto checked = check_value(name, parameter.type, text); !checked)
                complain("task", made.task.meta.name, field, checked.error());
        }
    }

    void link(const CatalogInput::TaskEntry& entry) {
        auto& made = catalog_->tasks[entry.id];
        for (std::size_t i = 0; i < entry.task.dependencies.size(); ++i) {
            const auto& dependency = entry.task.dependencies[i];
            const auto& names = dependency.parent_is_source ? source_names_ : task_names_;
            auto field = fmt::format("dependencies[{}].parent", i);
            auto parent = look_up(names, dependency.parent, dependency.parent_is_source ? "source" : "task",
                                  "task", entry.task.meta.name, field);
            if (!parent) continue;
            bool twice = std::any_of(made.edges.begin(), made.edges.end(),
                                     [&](const CatalogEdge& edge) { return edge.parent == *parent; });
            if (twice) {
                complain("task", entry.task.meta.name, field,
                         invalid(fmt::format("'{}' is a dependency already", dependency.parent.str())));
                continue;
            }
            made.edges.push_back({*parent, dependency.parent, dependency.parent_is_source, dependency});
            auto& children = dependency.parent_is_source ? catalog_->sources[*parent].children
                                                         : catalog_->tasks[*parent].children;
            children.push_back(entry.id);
        }
    }

    void check_edges(const CatalogInput::TaskEntry& entry) {
        const auto& made = catalog_->tasks[entry.id];
        for (std::size_t i = 0; i < made.edges.size(); ++i) check_edge(made, i);
    }

    void check_edge(const CatalogTask& made, std::size_t index) {
        const auto& edge = made.edges[index];
        auto bad = [&](std::string_view part, std::string message, std::string remedy = {}) {
            complain("task", made.task.meta.name, fmt::format("dependencies[{}].{}", index, part),
                     invalid(std::move(message), std::move(remedy)));
        };
        if (edge.dependency.on.empty()) bad("on", "must name at least one outcome");
        if (edge.dependency.max_age && edge.dependency.match != Match::latest)
            bad("max_age", "belongs to match: latest");
        if (edge.parent_is_source) {
            if (edge.dependency.match != Match::same) bad("match", "edges from sources match the same key");
            return;
        }
        auto parent = catalog_->tasks[edge.parent].partition.grain, own = made.partition.grain;
        if (edge.dependency.match == Match::same && parent != own)
            bad("match",
                fmt::format("'{}' has grain {}, this task {}: no key of the one is a key of the other",
                            edge.parent_name.str(), to_string(parent), to_string(own)),
                "Use match: all_in_interval for a finer parent, match: latest with max_age for any other.");
        const auto& other = catalog_->tasks[edge.parent].partition;
        if (edge.dependency.match == Match::same && own == Grain::hour && other.grain == Grain::hour &&
            other.offset != made.partition.offset)
            bad("match",
                fmt::format("the hours of '{}' begin {} minutes after the hour, this task's {}",
                            edge.parent_name.str(), other.offset.count(), made.partition.offset.count()),
                "Give both the same offset.");
        if (edge.dependency.match == Match::all_in_interval && !nests(parent, own))
            bad("match",
                fmt::format("intervals of grain {} do not lie inside those of grain {}", to_string(parent),
                            to_string(own)),
                "all_in_interval joins hours into days, weeks or months, and days into weeks or months.");
    }

    void check_cycles() {
        // 0 new, 1 on the path, 2 done.
        std::map<ObjectId, int> marks;
        std::vector<ObjectId> path;
        for (const auto& entry : input_.tasks)
            if (marks[entry.id] == 0) visit(entry.id, marks, path);
    }

    void visit(ObjectId id, std::map<ObjectId, int>& marks, std::vector<ObjectId>& path) {
        marks[id] = 1;
        path.push_back(id);
        for (auto child : catalog_->tasks[id].children) {
            if (marks[child] == 0) {
                visit(child, marks, path);
            } else if (marks[child] == 1) {
                std::string loop;
                for (auto at = std::find(path.begin(), path.end(), child); at != path.end(); ++at)
                    loop += catalog_->tasks[*at].task.meta.name.str() + " → ";
                complain("task", catalog_->tasks[child].task.meta.name, "dependencies",
                         invalid(fmt::format("depends on itself: {}{}", loop,
                                             catalog_->tasks[child].task.meta.name.str())));
            }
        }
        path.pop_back();
        marks[id] = 2;
    }

    const CatalogInput& input_;
    std::shared_ptr<Catalog> catalog_;
    std::vector<CatalogProblem> problems_;
    Names platform_names_, job_names_, task_names_, source_names_;
};

}  // namespace

CatalogResult build_catalog(const CatalogInput& input) { return Builder(input).build(); }

}  // namespace polysync::engine
