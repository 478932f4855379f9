// What the providers read out of texts that AWS hands through: pipeline definitions, execution outputs,
// Express log events, error sentences, ARNs, and the cursors that come back from users.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "provider/arn.h"
#include "provider/diagnoses.h"
#include "provider/sagemaker/definition.h"
#include "provider/sagemaker/execution_run.h"
#include "provider/sagemaker/step_log.h"
#include "provider/step_functions/execution_arn.h"
#include "provider/step_functions/express_log.h"
#include "provider/step_functions/history.h"
#include "provider/step_functions/input.h"
#include "provider/step_functions/outputs.h"

namespace {

using namespace polysync;

void read_cursors(std::string_view text) {
    if (auto cursor = step_functions::decode_history_cursor(text)) {
        auto again = step_functions::decode_history_cursor(step_functions::encode_cursor(cursor.value()));
        if (!again || again.value().last_id != cursor.value().last_id) std::abort();
    }
    if (auto cursor = step_functions::decode_event_cursor(text); cursor && cursor.value().newest) {
        if (!step_functions::decode_event_cursor(step_functions::encode_event_cursor(cursor.value())))
            std::abort();
    }
    if (auto cursor = sagemaker::decode_step_cursor(text)) {
        if (sagemaker::decode_step_cursor(sagemaker::encode_cursor(cursor.value())).value() != cursor.value())
            std::abort();
    }
}

void read_arns(std::string_view text) {
    Arn arn;
    [[maybe_unused]] bool is_arn = parse_arn(text, arn);
    if (auto machine = step_functions::parse_state_machine_arn(text)) {
        if (!step_functions::parse_state_machine_arn(machine->plain())) std::abort();
    }
    [[maybe_unused]] auto execution = step_functions::parse_execution_arn(text);
    [[maybe_unused]] auto pipeline = sagemaker::parse_execution_arn(text);
}

void read_errors(std::string_view text) {
    auto error = make_error(ErrorKind::rejected, "AccessDeniedException", std::string(text));
    [[maybe_unused]] auto diagnosed = diagnose_error(PlatformType::aws_batch, error);
    error.code = "ClientException";
    diagnosed = diagnose_error(PlatformType::aws_batch, error);
    PipelineRun run;
    run.status = PipelineRunStatus::failed;
    run.message = text;
    [[maybe_unused]] auto remedy = diagnose_run(PlatformType::aws_glue, run);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    [[maybe_unused]] auto declared = sagemaker::parse_parameters(text);
    Parameter output;
    output.name = "a";
    output.direction = Direction::output;
    [[maybe_unused]] auto filled = step_functions::fill_outputs({&output, 1}, text);
    aws::logs::LogEvent event;
    event.message = text;
    [[maybe_unused]] auto trace = step_functions::read_trace({&event, 1}, "arn");
    [[maybe_unused]] auto line = step_functions::to_log_line(event);
    for (DataType type : {DataType::string, DataType::integer, DataType::number, DataType::json}) {
        Parameter parameter;
        parameter.name = "p";
        parameter.type = type;
        auto json = step_functions::json_of(parameter, std::string(text));
        // What is sent is JSON.
        if (json && !check_value("p", DataType::json, json.value())) std::abort();
    }
    read_cursors(text);
    read_arns(text);
    read_errors(text);
    return 0;
}
