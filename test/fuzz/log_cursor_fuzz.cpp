// Log cursors and run ids come back from outside.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "provider/batch/batch_definition.h"
#include "provider/batch/batch_run.h"
#include "provider/glue/glue_logs.h"
#include "provider/glue/glue_names.h"
#include "provider/glue/glue_run.h"
#include "provider/log_cursor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace polysync;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto cursor = decode_cursor(text);
    // What was understood is written in a form that is understood as the same.
    if (cursor) {
        auto again = decode_cursor(encode_cursor(cursor.value()));
        if (!again || encode_cursor(again.value()) != encode_cursor(cursor.value())) std::abort();
    }
    if (auto id = glue::split_run_id(text)) {
        if (glue::join_run_id(id.value().job_name, id.value().run_id) != text) std::abort();
    }
    if (glue::attempt_number(text) > 0 && glue::root_id(text).size() >= text.size()) std::abort();
    (void)glue::label_stream("output", "jr_1", text);
    (void)batch::is_job_id(text);
    (void)batch::placeholders(text);
    (void)batch::parse_definition_reference(text);
    return 0;
}
