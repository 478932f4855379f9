// The next fires of cron expressions, for tests that compare them with other implementations. Reads lines
// "FROM COUNT ZONE EXPRESSION" (FROM in milliseconds since 1970), writes a line each: the fires' times, or
// "refused" and why.
#include <iostream>
#include <sstream>
#include <string>

#include "engine/cron.h"

namespace {

std::string fires(const std::string& line) {
    std::istringstream words(line);
    long long from = 0;
    int count = 0;
    std::string zone_name, expression;
    words >> from >> count >> zone_name;
    std::getline(words >> std::ws, expression);
    auto zone = polysync::engine::TimeZone::find(zone_name);
    if (!zone) return "refused " + zone.error().message;
    auto cron = polysync::engine::CronExpression::parse(expression);
    if (!cron) return "refused " + cron.error().message;
    std::string out;
    polysync::SystemTime time{polysync::Millis(from)};
    for (int i = 0; i < count; ++i) {
        time = cron.value().next_after(time, zone.value());
        out += (i == 0 ? "" : " ") + std::to_string(time.time_since_epoch().count());
    }
    return out;
}

}  // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line)) std::cout << fires(line) << '\n';
    return std::cout.flush() ? 0 : 1;
}
