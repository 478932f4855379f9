#include "provider/glue/glue_names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace polysync::glue {

namespace {

// Sorted in ASCII order.
constexpr std::array special_arguments = std::to_array<std::string_view>({
    "JOB_NAME",
    "TempDir",
    "additional-python-modules",
    "auto-scale-within-microbatch",
    "class",
    "conf",
    "continuous-log-conversionPattern",
    "continuous-log-logGroup",
    "continuous-log-logStreamPrefix",
    "custom-logGroup-prefix",
    "custom-logStream-prefix",
    "customer-driver-env-vars",
    "customer-executor-env-vars",
    "datalake-formats",
    "debug",
    "disable-proxy",
    "disable-proxy-v2",
    "enable-auto-scaling",
    "enable-continuous-cloudwatch-log",
    "enable-continuous-log-filter",
    "enable-glue-datacatalog",
    "enable-job-insights",
    "enable-lakeformation-fine-grained-access",
    "enable-metrics",
    "enable-observability-metrics",
    "enable-rename-algorithm-v2",
    "enable-s3-parquet-optimized-committer",
    "enable-spark-ui",
    "encryption-type",
    "endpoint",
    "executor-cores",
    "executor-memory",
    "extra-files",
    "extra-jars",
    "extra-py-files",
    "job-bookmark-from",
    "job-bookmark-option",
    "job-bookmark-to",
    "job-language",
    "library-set",
    "logging_configuration",
    "mode",
    "python-modules-installer-option",
    "scriptLocation",
    "spark-event-logs-path",
    "use-postgres-driver",
    "user-jars-first",
    "write-shuffle-files-to-s3",
    "write-shuffle-spills-to-s3",
});

constexpr std::array forbidden_arguments =
    std::to_array<std::string_view>({"JOB_NAME", "debug", "endpoint", "mode"});

std::string_view bare(std::string_view name) {
    if (name.starts_with("--")) name.remove_prefix(2);
    return name;
}

}  // namespace

std::string join_run_id(std::string_view job_name, std::string_view run_id) {
    return fmt::format("{}/{}", job_name, run_id);
}

Result<RunId> split_run_id(std::string_view text) {
    auto slash = text.rfind('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
        return make_error(ErrorKind::invalid_input, "invalid_run_id",
                          fmt::format("'{}' is no Glue run id", text.substr(0, 300)),
                          "A Glue run id has the form jobName/jr_…");
    }
    return RunId{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

std::string argument_key(std::string_view name) {
    return name.starts_with("--") ? std::string(name) : fmt::format("--{}", name);
}

bool same_parameter(std::string_view a, std::string_view b) { return bare(a) == bare(b); }

bool is_internal(std::string_view name) { return bare(name).starts_with('_'); }

bool is_special_argument(std::string_view name) {
    static_assert(std::ranges::is_sorted(special_arguments));
    return std::ranges::binary_search(special_arguments, bare(name));
}

bool is_forbidden_argument(std::string_view name) {
    return std::ranges::find(forbidden_arguments, bare(name)) != forbidden_arguments.end();
}

}  // namespace polysync::glue
