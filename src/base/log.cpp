#include "base/log.h"

#include <atomic>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/secret.h"

namespace polysync::log {
namespace {

std::atomic<Level> current{Level::warn};

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = spdlog::stderr_logger_mt("polysync");
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
        made->set_level(spdlog::level::trace);
        return made;
    }();
    return *instance;
}

}  // namespace

void set_level(Level level) { current = level; }
bool enabled(Level level) { return level >= current.load(std::memory_order_relaxed); }

bool parse_level(std::string_view word, Level& out) {
    constexpr std::pair<std::string_view, Level> words[] = {{"trace", Level::trace}, {"debug", Level::debug},
                                                            {"info", Level::info},   {"warn", Level::warn},
                                                            {"error", Level::error}, {"off", Level::off}};
    for (auto [name, level] : words) {
        if (name == word) {
            out = level;
            return true;
        }
    }
    return false;
}

void write(Level level, std::string_view message) {
    constexpr spdlog::level::level_enum map[] = {spdlog::level::trace, spdlog::level::debug,
                                                 spdlog::level::info,  spdlog::level::warn,
                                                 spdlog::level::err,   spdlog::level::off};
    logger().log(map[int(level)], redact(message));
}

}  // namespace polysync::log
