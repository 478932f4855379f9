// The tables behind diagnoses.h. Private to it and to its tests.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/platform.h"
#include "provider/diagnoses.h"

namespace polysync {

// The first rule that fits wins. In a remedy, {job}, {job_arn}, {queue}, {queue_arn}, {region}, {account} and
// {operation} are filled in.
struct ErrorRule {
    std::optional<PlatformType> type;  // none: every type
    std::string_view code;             // without an "Exception" suffix; empty: any code
    std::string_view message_part;     // must occur in the message, ignoring case; empty: any message
    std::optional<ErrorKind> kind;     // what the code means; none: as the transport judged
    std::string_view remedy;
};
[[nodiscard]] std::span<const ErrorRule> error_rules();

struct RunRule {
    std::optional<PlatformType> type;
    std::string_view aws_status;    // as AWS spells it, or empty for any
    std::string_view message_part;  // looked for in code and message, ignoring case; empty: any
    bool infrastructure = false;    // lost to AWS, not to the job
    std::string_view remedy;
};
[[nodiscard]] std::span<const RunRule> run_rules();

// Fills the placeholders; what the context does not know stands as <account> and the like.
[[nodiscard]] std::string fill_remedy(std::string_view remedy, PlatformType type, std::string_view operation,
                                      const DiagnosisContext& context);

// ASCII, ignoring case.
[[nodiscard]] bool contains_word(std::string_view text, std::string_view part);

}  // namespace polysync
