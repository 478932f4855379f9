#include "bench/bench_result.h"

#include <sys/resource.h>

namespace polysync::bench {
namespace {

rusage usage() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return used;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

double cpu_s() {
    rusage used = usage();
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::int64_t peak_rss_kib() { return usage().ru_maxrss; }

}  // namespace polysync::bench
