// What a caller of the API writes around a body: target, query, cursors, Host, addresses.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "api/fields.h"
#include "api/route.h"
#include "server/host.h"
#include "server/server.h"
#include "server/token.h"
#include "server/wire.h"

using namespace polysync;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const api::Router router;
    if (size < 1) return 0;
    auto method = api::Method(data[0] % 4);
    std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);

    std::string path, query, allowed;
    server::split_target(text, path, query);
    auto match = router.match(method, path, allowed);
    if (match)
        for (const auto& value : match.value().values)
            // A name that was understood is found again under its own encoding.
            if (api::percent_decode(api::percent_encode(value), false) != value) std::abort();
    auto members = api::parse_query(query);
    if (members) {
        std::vector<api::FieldProblem> problems;
        api::Fields fields(members.value(), problems, api::Fields::Source::query);
        auto page = api::read_page(fields, "runs");
        if (page.limit < 1 || page.limit > 1000) std::abort();
        (void)fields.texts("state");
        (void)fields.time("from");
        (void)fields.boolean("dry_run", false);
        fields.finish();
    }
    if (api::read_cursor("runs", api::write_cursor("runs", text)) != std::string(text) && !text.empty())
        std::abort();
    (void)api::read_cursor("runs", text);
    (void)server::is_allowed_host(text, "127.0.0.1", {});
    (void)server::parse_listen(text);
    if (server::is_authorized(text, Secret("0123456789abcdef")) && text.size() != 23) std::abort();
    return 0;
}
