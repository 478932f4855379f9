// The steps of an execution as log lines: when each began and ended, how, and why. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/sagemaker/client.h"
#include "base/result.h"
#include "provider/provider.h"

namespace polysync::sagemaker {

// Which lines were given out, by a fingerprint of step, attempt and what happened: the steps are few and come
// in no order that a position could rely on.
using StepCursor = std::set<std::uint32_t>;

[[nodiscard]] std::string encode_cursor(const StepCursor& cursor);
// Empty text is the start. Errors: invalid_input.
[[nodiscard]] Result<StepCursor> decode_step_cursor(std::string_view text);

// The lines that the cursor has not seen, in order of time; adds them to the cursor.
[[nodiscard]] std::vector<LogLine> take_new_lines(std::span<const aws::sagemaker::Step> steps,
                                                  StepCursor& cursor);

}  // namespace polysync::sagemaker
