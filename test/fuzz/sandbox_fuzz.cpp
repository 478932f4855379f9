// Everything of the sandbox that reads outside data. The first byte says which part reads the rest.
#include <cstdint>
#include <string_view>

#include <boost/json.hpp>

#include "base/clock.h"
#include "sandbox/front.h"
#include "sandbox/jwt.h"
#include "sandbox/pattern.h"
#include "sandbox/query.h"
#include "sandbox/signature.h"
#include "sandbox/validation.h"
#include "sandbox/world.h"

namespace {

using namespace polysync;
using namespace polysync::sandbox;

HttpRequest request_of(std::string_view method, std::string_view path, std::string_view body) {
    HttpRequest request;
    request.method = method;
    auto mark = std::min(path.find('?'), path.size());
    request.path = path.substr(0, mark);
    if (mark < path.size()) request.query = path.substr(mark + 1);
    request.body = body;
    return request;
}

void signature(std::string_view text) {
    std::string message;
    auto parsed = parse_authorization(text, true, message);
    auto request = request_of("POST", text, text);
    request.headers = {{"Authorization", text}, {"X-Amz-Date", "20261120T093000Z"}, {"Host", text}};
    (void)canonical_request(request, parsed ? parsed->signed_headers : text);
    SeededRandom random(1);
    Identities identities(random);
    identities.add_samples();
    (void)authenticate(request, identities,
                       {"glue", std::chrono::minutes(5), SystemTime(Millis(1795167000000))});
}

void members(std::string_view text) {
    static const std::string_view services[] = {"glue", "batch", "sagemaker", "stepfunctions", "sts", "logs"};
    if (text.size() < 2) return;
    auto& operations = Model::of(services[std::uint8_t(text[0]) % std::size(services)]).operations();
    auto* input = operations[std::uint8_t(text[1]) % operations.size()]->input;
    text.remove_prefix(2);
    if (auto form = parse_form(text)) {
        auto read = form_to_members(form.value(), input);
        (void)validate(input, read);
        std::string xml;
        append_xml(xml, read);
    }
    boost::json::error_code error;
    auto parsed = boost::json::parse({text.data(), text.size()}, error);
    if (!error && parsed.is_object()) (void)validate(input, parsed.get_object()).summary();
}

// Unsigned requests of every kind: admin, metadata, STS by web identity.
void front(std::string_view text) {
    static ManualClock clock(SystemTime(Millis(1795167000000)));
    static World world(Settings(), false, 1, clock);
    static Front desk(world);
    auto line = std::min(text.find('\n'), text.size());
    auto path = text.substr(0, line), body = text.substr(std::min(line + 1, text.size()));
    for (auto method : {"GET", "POST"}) (void)desk.handle(request_of(method, path, body));
    world.faults.clear();
    world.identities.clear_denials();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
        case 0:
            signature(text);
            break;
        case 1:
            (void)decode_jwt(text);
            break;
        case 2:
            members(text);
            break;
        case 3:
            front(text);
            break;
        default: {
            auto mark = std::min(text.find('\n'), text.size());
            Pattern pattern(text.substr(0, std::min<std::size_t>(mark, 256)));
            (void)pattern.matches(text.substr(std::min(mark + 1, text.size())).substr(0, 1024));
        }
    }
    return 0;
}
