#include "aws/core/page.h"

namespace polysync::aws {

Result<std::string> PageGuard::next(std::string token) {
    if (token.empty()) return token;
    auto failed = [this](const char* code, const char* message) {
        Error error = make_error(ErrorKind::internal, code, message);
        error.service = service_;
        error.operation = operation_;
        return error;
    };
    if (seen_.size() + 1 >= max_pages_) return failed("too_many_pages", "AWS's list does not come to an end");
    if (!seen_.insert(token).second)
        return failed("repeated_page_token", "AWS gave the same page token twice");
    return token;
}

}  // namespace polysync::aws
