// All definitions at one version, checked and ready to use: what the loops decide with. Immutable; shared
// between threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/cron.h"
#include "engine/interval.h"
#include "engine/template.h"
#include "model/platform.h"
#include "model/run.h"

namespace polysync::engine {

struct CatalogPlatform {
    ObjectId id{};
    QualifiedName name;
    Platform platform;
    std::vector<ObjectId> profiles;  // linked to it
};

struct CatalogProfile {
    ObjectId id{};
    ContentionProfile profile;
};

struct CatalogJob {
    ObjectId id{};
    std::int64_t version = 0;
    ObjectId platform{};
    JobDefinition job;
};

struct CatalogSchedule {
    Schedule schedule;
    CronExpression cron;
    TimeZone zone;
};

struct CatalogEdge {
    ObjectId parent{};  // task or source
    QualifiedName parent_name;
    bool parent_is_source = false;
    Dependency dependency;
};

struct CatalogTask {
    ObjectId id{};
    std::int64_t version = 0;
    Task task;
    ObjectId job{};
    ObjectId platform{};
    Partition partition;
    std::vector<CatalogSchedule> schedules;
    std::vector<CatalogEdge> edges;          // incoming, as the task declares them
    std::vector<ObjectId> children;          // tasks with an edge from this one
    std::map<std::string, Template> values;  // the job's values under the task's
    std::optional<TimeZone> deadline_zone;

    // Edges of another kind than `latest`: without any, the task stands on its schedule alone.
    [[nodiscard]] bool has_triggering_edges() const;
    // Of the interval that a fire works on; without a grain the fire's own time.
    [[nodiscard]] std::string key_of(SystemTime fire) const;
};

struct CatalogSource {
    ObjectId id{};
    QualifiedName name;
    std::vector<ObjectId> children;
};

struct Catalog {
    std::int64_t version = 0;  // the store's definitions_version
    std::unordered_map<ObjectId, CatalogPlatform> platforms;
    std::unordered_map<ObjectId, CatalogProfile> profiles;
    std::unordered_map<ObjectId, CatalogJob> jobs;
    std::unordered_map<ObjectId, CatalogTask> tasks;
    std::unordered_map<ObjectId, CatalogSource> sources;
    std::map<std::string, std::string> environment;  // ${env.X}
    std::unordered_map<QualifiedName, ObjectId> task_ids;

    [[nodiscard]] const CatalogTask* task(ObjectId id) const;
    [[nodiscard]] const CatalogTask* task(const QualifiedName& name) const;
    // The tasks of the task's chains (TASK-4), by name: those connected with it by `same` edges, in both
    // directions. Other edges join runs of different keys, so of different chains.
    [[nodiscard]] std::vector<ObjectId> component(ObjectId task) const;
    // "<first task of the component>@<lane>@<key>"
    [[nodiscard]] std::string chain_id(const RunKey& key) const;
    // The task's descendants in topological order, without itself.
    [[nodiscard]] std::vector<ObjectId> downstream(ObjectId task) const;
};

// What a catalog is made of.
struct CatalogInput {
    std::int64_t version = 0;
    struct PlatformEntry {
        ObjectId id{};
        QualifiedName name;
        Platform platform;
    };
    struct ProfileEntry {
        ObjectId id{};
        ContentionProfile profile;
    };
    struct JobEntry {
        ObjectId id{};
        std::int64_t version = 0;
        JobDefinition job;
    };
    struct TaskEntry {
        ObjectId id{};
        std::int64_t version = 0;
        Task task;
    };
    struct SourceEntry {
        ObjectId id{};
        EventSource source;
    };
    std::vector<PlatformEntry> platforms;
    std::vector<ProfileEntry> profiles;
    std::vector<JobEntry> jobs;
    std::vector<TaskEntry> tasks;
    std::vector<SourceEntry> sources;
    std::map<std::string, std::string> environment;  // the environment's values file: what ${env.X} may name
};

struct CatalogProblem {
    std::string kind;  // "task"
    QualifiedName object;
    std::string field;  // "dependencies[0].parent", "schedules[1].cron"
    Error error;        // invalid_input, with a remedy
};

struct CatalogResult {
    std::shared_ptr<const Catalog> catalog;  // null where there is a problem
    std::vector<CatalogProblem> problems;    // all of them
};

// Checks everything that needs more than one object, or the engine's parsers: unknown names (the nearest one
// is named), cycles, `same` edges between different grains and all_in_interval between grains that do not
// nest (TASK-5), crons, zones, templates, templates that read parents which are no dependencies, ${interval…}
// without a grain, ${env.X} without a value (in values and in attributes), values of unknown parameters'
// types, references to secrets without allow_secret_parameters, attributes that the platform's type does not
// know, retries and caps out of range, profiles linked to unknown platforms.
[[nodiscard]] CatalogResult build_catalog(const CatalogInput& input);

}  // namespace polysync::engine
