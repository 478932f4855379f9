// Error answers: body, x-amzn-ErrorType, Retry-After and Date, under each protocol.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "aws/core/error_answer.h"
#include "aws/core/http_date.h"
#include "base/error.h"
#include "http/http_client.h"

namespace {

using namespace polysync;

// Cuts off what stands before the first NUL.
std::string next_part(std::string_view& rest) {
    std::size_t end = rest.find('\0');
    std::string part(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static constexpr aws::ServiceInfo services[] = {
        {"states", "SFN", "states", "states", aws::Protocol::json_1_0, "AWSStepFunctions.", ""},
        {"glue", "GLUE", "glue", "glue", aws::Protocol::json_1_1, "AWSGlue.", ""},
        {"batch", "BATCH", "batch", "batch", aws::Protocol::rest_json, "", ""},
        {"sts", "STS", "sts", "sts", aws::Protocol::query, "", "2011-06-15"}};
    if (size < 2) return 0;
    aws::Operation operation{&services[data[0] % 4], "Operation", ""};
    http::Response response;
    response.status = 400 + data[1] % 112;
    std::string_view rest(reinterpret_cast<const char*>(data + 2), size - 2);
    for (const char* name :
         {"x-amzn-ErrorType", "Retry-After", "x-amz-retry-after", "x-amzn-RequestId", "Date"})
        response.headers.push_back({name, next_part(rest)});
    response.body = rest;
    Error error = aws::decode_error_answer(operation, response, SystemTime(Millis(1767322983123)));
    // Whatever came, there is a code, and what is kept is bounded.
    if (error.code.empty() || error.message.size() > 5000 || error.kind == ErrorKind::unclear) std::abort();
    (void)aws::parse_http_date(response.headers.back().value);
    return 0;
}
