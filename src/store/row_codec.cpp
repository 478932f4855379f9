#include "store/row_codec.h"

#include <algorithm>

#include <fmt/format.h>

namespace polysync::store {
namespace {

template <class Id>
void append_in(std::string& sql, std::string_view column, const std::vector<Id>& values) {
    if (values.empty()) return;
    sql += fmt::format(" AND {} IN (", column);
    for (std::size_t i = 0; i < values.size(); ++i)
        sql += fmt::format("{}{}", i ? "," : "", std::int64_t(values[i]));
    sql += ")";
}

}  // namespace

Result<std::string> list_condition(const RunFilter& filter, const Page& page) {
    POLYSYNC_TRY(auto after, cursor_number(page, filter.newest_first ? INT64_MAX : 0));
    std::string sql = fmt::format("id {} {}", filter.newest_first ? "<" : ">", after);
    append_in(sql, "task", filter.tasks);
    append_in(sql, "platform", filter.platforms);
    append_in(sql, "state", filter.states);
    if (filter.trigger) sql += fmt::format(" AND run_trigger = {}", int(*filter.trigger));
    if (filter.created_from)
        sql += fmt::format(" AND created_at >= {}", filter.created_from->time_since_epoch().count());
    if (filter.created_before)
        sql += fmt::format(" AND created_at < {}", filter.created_before->time_since_epoch().count());
    return sql;
}

void keep_heads(std::vector<TaskRun>& of_platform, int limit) {
    std::sort(of_platform.begin(), of_platform.end(), [](const TaskRun& a, const TaskRun& b) {
        if (a.priority != b.priority) return a.priority > b.priority;
        return a.queued_at != b.queued_at ? a.queued_at < b.queued_at : a.id < b.id;
    });
    if (of_platform.size() > std::size_t(limit)) of_platform.resize(std::size_t(limit));
}

}  // namespace polysync::store
