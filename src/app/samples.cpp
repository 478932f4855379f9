#include "app/samples.h"

// The files, as they are, in the binary (the include path is set in src/CMakeLists.txt).
#define POLYSYNC_EMBED(name, file)                                                                          \
    asm(".section .rodata\n.global polysync_sample_" #name "\npolysync_sample_" #name ":\n.incbin \"" file  \
        "\"\npolysync_sample_" #name "_end:\n.global polysync_sample_" #name "_end\n.byte 0\n.previous\n"); \
    extern "C" const char polysync_sample_##name[], polysync_sample_##name##_end[]

POLYSYNC_EMBED(platforms, "platforms.yaml");
POLYSYNC_EMBED(sales, "sales.yaml");
POLYSYNC_EMBED(finance, "finance.yaml");
POLYSYNC_EMBED(ml, "ml.yaml");
POLYSYNC_EMBED(operations, "operations.yaml");
POLYSYNC_EMBED(sandbox, "sandbox.json");

namespace polysync::app {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, std::size_t(end - begin)}; }

}  // namespace

std::vector<SampleFile> sample_definitions() {
    return {
        {"platforms.yaml", between(polysync_sample_platforms, polysync_sample_platforms_end)},
        {"sales.yaml", between(polysync_sample_sales, polysync_sample_sales_end)},
        {"finance.yaml", between(polysync_sample_finance, polysync_sample_finance_end)},
        {"ml.yaml", between(polysync_sample_ml, polysync_sample_ml_end)},
        {"operations.yaml", between(polysync_sample_operations, polysync_sample_operations_end)},
    };
}

std::string_view sample_resources() { return between(polysync_sample_sandbox, polysync_sample_sandbox_end); }

}  // namespace polysync::app
