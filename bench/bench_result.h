// What one run of a measured program reports, in the form that bench/run.py reads.
#pragma once

#include <cstdint>

namespace polysync::bench {

// CPU time of this process so far, all threads, seconds.
[[nodiscard]] double cpu_s();
// Greatest resident memory so far, KiB.
[[nodiscard]] std::int64_t peak_rss_kib();

}  // namespace polysync::bench
