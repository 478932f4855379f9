#include "test/sim/definitions.h"

namespace polysync::sim {
namespace {

class Definitions {
  public:
    explicit Definitions(std::uint64_t seed) : seed_(seed) { input.version = 1; }

    void add_platform(ObjectId id, const std::string& name, PlatformType type) {
        Platform platform;
        platform.name = name;
        platform.type = type;
        input.platforms.push_back({id, QualifiedName(name), platform});
    }

    // Each task has a job of its own, so that the books of AWS name the task.
    Task& add(ObjectId id, const std::string& name, const std::string& platform, const std::string& grain,
              std::vector<std::string> parents = {}) {
        JobDefinition job;
        job.meta.name = QualifiedName(name + "-job");
        job.platform = QualifiedName(platform);
        job.external_id = name;
        input.jobs.push_back({ObjectId{number(id) + 1000}, 1, job});
        Task task;
        task.meta.name = QualifiedName(name);
        task.job = job.meta.name;
        task.partition = {grain, "Europe/Vienna"};
        if (grain != "none") task.values["key"] = "${interval.key}";
        for (auto& parent : parents)
            task.dependencies.push_back({.parent = QualifiedName(std::move(parent))});
        task.retry = {.enabled = true, .max_attempts = 2, .initial_delay = std::chrono::seconds(30)};
        task.execution_timeout = std::chrono::hours(1);
        task.priority = int((seed_ + std::uint64_t(number(id))) % 3);
        input.tasks.push_back({id, 1, std::move(task)});
        return input.tasks.back().task;
    }

    engine::CatalogInput input;

  private:
    std::uint64_t seed_;
};

void add_limits(engine::CatalogInput& input, std::uint64_t seed) {
    ContentionProfile profile;
    profile.meta.name = QualifiedName("slots");
    profile.platforms = {QualifiedName("list"), QualifiedName("token")};
    profile.max_concurrent_tasks = slots(seed);
    if (seed % 4 == 0) profile.queue_size_limit = 3;
    if (seed % 4 == 1) profile.queue_timeout = std::chrono::minutes(10);
    input.profiles.push_back({slots_profile, profile});
    ContentionProfile rate;
    rate.meta.name = QualifiedName("rate");
    rate.type = ProfileType::rate_limit;
    rate.scope = ProfileScope::global;
    rate.platforms = {QualifiedName("list"), QualifiedName("express")};
    rate.limit = rate_limit;
    rate.window = std::chrono::seconds(60);
    if (seed % 3 == 1) rate.algorithm = RateAlgorithm::leaky_bucket;
    if (seed % 3 == 2) rate.exceed_action = ExceedAction::defer_to_next_window;
    input.profiles.push_back({rate_profile, rate});
}

}  // namespace

engine::CatalogInput definitions(std::uint64_t seed, bool moved) {
    Definitions made(seed);
    made.add_platform(list_platform, "list", PlatformType::aws_batch);
    made.add_platform(token_platform, "token", PlatformType::aws_step_functions);
    made.add_platform(express_platform, "express", PlatformType::aws_step_functions);
    add_limits(made.input, seed);
    EventSource source;
    source.meta.name = QualifiedName("files");
    made.input.sources.push_back({files, source});

    const std::vector<Outcome> any{Outcome::success, Outcome::failure, Outcome::cancelled, Outcome::skipped};
    made.add(hourly, "hourly", "list", "hour")
        .schedules.push_back({.cron = seed % 2 ? "5 * * * *" : "5,35 * * * *",
                              .time_zone = "Europe/Vienna",
                              .misfire = Misfire::catch_up});
    made.add(hourly_child, "hourly-child", "token", "hour", {"hourly"}).max_active = 2;
    made.add(hourly_express, "hourly-express", "express", "hour", {"hourly"});
    auto& join = made.add(hourly_join, "hourly-join", "list", "hour", {"hourly-child", "hourly-express"});
    join.dependencies[1].on = {Outcome::success, Outcome::failure, Outcome::skipped};
    made.add(cleanup, "cleanup", "token", "hour", {"hourly"}).dependencies[0].on = {Outcome::failure,
                                                                                    Outcome::cancelled};
    auto& day = made.add(daily, "daily", "token", "day", {"hourly"});
    day.dependencies[0].match = Match::all_in_interval;
    day.dependencies[0].on = any;
    auto& frequent = made.add(often, "often", "token", "none");
    frequent.schedules.push_back({.cron = "*/10 * * * *", .misfire = Misfire::fire_once});
    frequent.overlap = seed % 2 ? Overlap::queue : Overlap::skip;
    auto& event = made.add(on_event, "on-event", "list", "none");
    event.dependencies.push_back({.parent = QualifiedName("files"), .parent_is_source = true});
    event.values["file"] = "${parents.files.outputs.name}";
    auto& patient = made.add(slow, "slow", "token", "hour", {"hourly"});
    patient.execution_timeout = std::chrono::minutes(4);
    auto& secret = made.add(guarded, "guarded", "list", "hour", {"hourly"});
    secret.allow_secret_parameters = true;
    secret.values["password"] = "env://PASSWORD";
    auto& mover = made.add(movable, "movable", "token", "hour", {moved ? "hourly-child" : "hourly-express"});
    mover.dependencies[0].on = any;
    return made.input;
}

}  // namespace polysync::sim
