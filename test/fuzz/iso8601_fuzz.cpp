// Times in AWS answers and shared caches.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/clock.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto time = polysync::parse_iso8601(text);
    // What was understood is written in a form that is understood as the same time.
    if (time && polysync::parse_iso8601(polysync::format_iso8601(time.value())).value() != time.value())
        std::abort();
    return 0;
}
