#include "app/dev_definitions.h"

#include <filesystem>

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "app/samples.h"
#include "aws/config/environment.h"

namespace polysync::app {
namespace {

namespace json = boost::json;

constexpr std::string_view platforms_file = "platforms.yaml";

std::string with_endpoint(std::string text, std::string_view old_one, std::string_view new_one) {
    for (auto at = text.find(old_one); at != std::string::npos; at = text.find(old_one, at + new_one.size()))
        text.replace(at, old_one.size(), new_one);
    return text;
}

// The first local endpoint that the text names.
std::string endpoint_of(std::string_view text) {
    constexpr std::string_view begin = "http://127.0.0.1:";
    auto at = text.find(begin);
    if (at == std::string_view::npos) return {};
    auto end = text.find_first_not_of("0123456789", at + begin.size());
    return std::string(text.substr(at, end == std::string_view::npos ? end : end - at));
}

Status write_missing(const std::string& folder, const std::string& endpoint) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    for (const auto& file : sample_definitions()) {
        auto path = fmt::format("{}/{}", folder, file.name);
        if (std::filesystem::exists(path, error)) continue;
        auto text = with_endpoint(std::string(file.text), sample_endpoint, endpoint);
        POLYSYNC_TRY(aws::system_environment().write_private_file(path, text));
    }
    return success();
}

Result<json::object> read_file(const std::string& folder, std::string_view name) {
    auto path = fmt::format("{}/{}", folder, name);
    POLYSYNC_TRY(auto text, aws::system_environment().read_file(path, aws::max_config_bytes));
    return json::object{{"path", name}, {"text", text}};
}

Async<Status> apply(cli::RestClient& client, std::string folder, json::array files) {
    json::object body{{"files", std::move(files)}, {"managed_by", folder}};
    auto applied = co_await client.post("/apply", std::move(body));
    if (!applied) co_return applied.error();
    co_return success();
}

Async<Result<bool>> has_definitions(cli::RestClient& client) {
    POLYSYNC_CO_TRY(auto status, co_await client.get("/status"));
    const auto* version =
        status.is_object() ? status.get_object().if_contains("definitions_version") : nullptr;
    co_return version && version->is_int64() && version->get_int64() > 0;
}

Async<Status> apply_all(cli::RestClient& client, std::string folder) {
    json::array files;
    for (const auto& sample : sample_definitions()) {
        POLYSYNC_CO_TRY(auto file, read_file(folder, sample.name));
        files.push_back(std::move(file));
    }
    co_return co_await apply(client, std::move(folder), std::move(files));
}

// Applied before it is written: a server that is killed in between does it again.
Async<Status> follow_sandbox(cli::RestClient& client, std::string folder, std::string endpoint) {
    POLYSYNC_CO_TRY(auto file, read_file(folder, platforms_file));
    std::string text(file["text"].get_string());
    auto old_one = endpoint_of(text);
    if (old_one.empty() || old_one == endpoint) co_return success();
    text = with_endpoint(std::move(text), old_one, endpoint);
    file["text"] = text;
    json::array files;
    files.push_back(std::move(file));
    POLYSYNC_CO_TRY(co_await apply(client, folder, std::move(files)));
    co_return aws::system_environment().write_private_file(fmt::format("{}/{}", folder, platforms_file),
                                                           text);
}

}  // namespace

Async<Status> apply_samples(cli::RestClient& client, std::string folder, std::string endpoint) {
    folder += "/definitions";
    POLYSYNC_CO_TRY(write_missing(folder, endpoint));
    POLYSYNC_CO_TRY(bool known, co_await has_definitions(client));
    if (!known) {
        POLYSYNC_CO_TRY(co_await apply_all(client, folder));
    }
    co_return co_await follow_sandbox(client, std::move(folder), std::move(endpoint));
}

}  // namespace polysync::app
