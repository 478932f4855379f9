// Errors as problem documents (RFC 9457), and the one table from errors to HTTP statuses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/message.h"
#include "base/error.h"

namespace polysync::api {

// What is wrong with one member of a request.
struct FieldProblem {
    std::string field;  // "documents[3].schedules[0].cron"
    std::string code;
    std::string detail;
    std::string remedy;
};

// Errors of AWS (those with a service) are a bad gateway's; those of kind internal never show their words.
[[nodiscard]] int status_of(const Error& error);

// {type, title, status, code, detail, field?, remedy?, errors?}. `problems`: the members to blame; may be
// empty.
[[nodiscard]] Response problem_response(const Error& error, const std::vector<FieldProblem>& problems = {});

// "Not Found"
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace polysync::api
