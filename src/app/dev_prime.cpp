#include "app/dev_prime.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "app/samples.h"
#include "aws/config/environment.h"

namespace polysync::app {
namespace {

Async<Status> make_resource(http::HttpClient& http, std::string endpoint, boost::json::object document) {
    http::Request request;
    request.method = "POST";
    request.url = fmt::format("{}/_sandbox/{}", endpoint, std::string_view(document.at("path").get_string()));
    request.use_proxy = false;
    document.erase("path");
    request.body = boost::json::serialize(document);
    auto url = request.url;
    POLYSYNC_CO_TRY(auto answer, co_await http.send(std::move(request)));
    if (answer.status == 200) co_return success();
    co_return make_error(ErrorKind::internal, "sandbox_refused",
                         fmt::format("{} {}: {}", url, request.body, answer.body));
}

}  // namespace

Async<Status> prime(http::HttpClient& http, std::string folder, DevSandbox sandbox) {
    auto mark = fmt::format("{} {}\n", sandbox.pid, sandbox.endpoint);
    auto path = folder + "/sandbox.primed";
    auto there = aws::system_environment().read_file(path, aws::max_config_bytes);
    if (!sandbox.is_new && there && there.value() == mark) co_return success();
    // Half of them may be there already: starting over is what makes a second try the same as the first.
    boost::json::object reset{{"path", "reset"}};
    POLYSYNC_CO_TRY(co_await make_resource(http, sandbox.endpoint, std::move(reset)));
    auto resources = boost::json::parse(sample_resources());
    for (const auto& resource : resources.as_array()) {
        POLYSYNC_CO_TRY(co_await make_resource(http, sandbox.endpoint, resource.as_object()));
    }
    co_return aws::system_environment().write_private_file(path, mark);
}

}  // namespace polysync::app
