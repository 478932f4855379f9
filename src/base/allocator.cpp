#include "base/allocator.h"

#include <cstdlib>
#include <malloc.h>

namespace polysync {
namespace {

void set(const char* variable, int parameter, int value) {
    if (!std::getenv(variable)) mallopt(parameter, value);
}

}  // namespace

void tune_allocator() {
    constexpr int mib = 1024 * 1024;
    set("MALLOC_MMAP_THRESHOLD_", M_MMAP_THRESHOLD, 4 * mib);
    set("MALLOC_TRIM_THRESHOLD_", M_TRIM_THRESHOLD, 8 * mib);
    set("MALLOC_ARENA_MAX", M_ARENA_MAX, 2);
}

}  // namespace polysync
