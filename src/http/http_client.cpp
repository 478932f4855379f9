#include "http/http_client.h"

namespace polysync::http {
namespace {

bool same_name(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        char a = left[i], b = right[i];
        if (a >= 'A' && a <= 'Z') a = char(a + 32);
        if (b >= 'A' && b <= 'Z') b = char(b + 32);
        if (a != b) return false;
    }
    return true;
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
    for (const Header& header : headers) {
        if (same_name(header.name, name)) return header.value;
    }
    return {};
}

}  // namespace polysync::http
