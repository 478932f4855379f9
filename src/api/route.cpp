#include "api/route.h"

#include <algorithm>

#include <fmt/format.h>

namespace polysync::api {
namespace {

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> out;
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        auto end = std::min(path.find('/'), path.size());
        out.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return out;
}

bool is_name(std::string_view segment) { return segment.starts_with('{'); }

Error no_such_path(std::string_view path) {
    return make_error(ErrorKind::not_found, "unknown_path",
                      fmt::format("there is no '{}'", path.substr(0, 200)),
                      "GET /api/v1/openapi.json lists all paths; a '/' inside a name is written %2F.");
}

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

Router::Router() {
    for (auto* make : {object_routes, definition_routes, import_routes, task_routes, run_routes, chain_routes,
                       backfill_routes, platform_routes, system_routes}) {
        auto group = make();
        std::move(group.begin(), group.end(), std::back_inserter(routes_));
    }
    for (const auto& route : routes_) {
        Pattern pattern{.route = &route};
        for (auto segment : split(route.pattern)) pattern.segments.emplace_back(segment);
        patterns_.push_back(std::move(pattern));
    }
    // Words before names: "/runs/bulk" before "/runs/{id}".
    std::stable_sort(patterns_.begin(), patterns_.end(), [](const Pattern& a, const Pattern& b) {
        auto names = [](const Pattern& p) {
            return std::count_if(p.segments.begin(), p.segments.end(), is_name);
        };
        return names(a) < names(b);
    });
}

Result<Router::Match> Router::match(Method method, std::string_view path, std::string& allowed) const {
    if (!path.starts_with(api_root) || path.size() > 4096) return no_such_path(path);
    auto segments = split(path.substr(api_root.size()));
    const Pattern* found = nullptr;
    for (const auto& pattern : patterns_) {
        bool same = pattern.segments.size() == segments.size();
        for (std::size_t i = 0; same && i < segments.size(); ++i)
            same = is_name(pattern.segments[i]) ? !segments[i].empty() : pattern.segments[i] == segments[i];
        if (!same) continue;
        if (pattern.route->method == method) {
            found = &pattern;
            break;
        }
        auto word = to_string(pattern.route->method);
        if (allowed.find(word) == std::string::npos)
            allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", word);
    }
    if (!found && allowed.empty()) return no_such_path(path);
    if (!found)
        return make_error(ErrorKind::rejected, "method_not_allowed",
                          fmt::format("this path takes {}, not {}", allowed, to_string(method)));
    Match match{.route = found->route};
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (!is_name(found->segments[i])) continue;
        auto value = percent_decode(segments[i], false);
        if (!value)
            return make_error(ErrorKind::invalid_input, "invalid_path",
                              fmt::format("'{}' in the path cannot be read", segments[i].substr(0, 100)),
                              "Percent-encode names as UTF-8.");
        match.values.push_back(std::move(*value));
    }
    return match;
}

std::vector<QueryParameter> list_query(std::vector<QueryParameter> more) {
    std::vector<QueryParameter> out{
        {"limit", R"({"type":"integer","minimum":1,"maximum":1000,"default":100})",
         "How many items at most."},
        {"cursor", R"({"type":"string"})", "`next` of the page before."}};
    std::move(more.begin(), more.end(), std::back_inserter(out));
    return out;
}

store::Page read_page(Fields& fields, std::string_view list) {
    store::Page page;
    page.limit = int(fields.integer("limit", 1, 1000).value_or(100));
    auto cursor = fields.text("cursor");
    if (!cursor || cursor->empty()) return page;
    auto position = read_cursor(list, *cursor);
    if (position) {
        page.cursor = std::move(*position);
    } else {
        fields.complain("cursor", "invalid_cursor", "the cursor is not one of this list",
                        "Pass `next` of the page before as it came, or leave it out to start anew.");
    }
    return page;
}

void body_ends(Call& call) { call.body_fields().finish(); }

std::string write_cursor(std::string_view list, std::string_view position) {
    if (position.empty()) return {};
    std::string plain = fmt::format("{}:{}", list, position), out;
    std::uint32_t bits = 0;
    int count = 0;
    for (unsigned char c : plain) {
        bits = (bits << 8) | c;
        for (count += 8; count >= 6; count -= 6) out += digits[(bits >> (count - 6)) & 63u];
    }
    if (count > 0) out += digits[(bits << (6 - count)) & 63u];
    return out;
}

std::optional<std::string> read_cursor(std::string_view list, std::string_view cursor) {
    std::string plain;
    std::uint32_t bits = 0;
    int count = 0;
    for (char c : cursor) {
        auto digit = digits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = (bits << 6) | std::uint32_t(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            plain += char((bits >> count) & 255u);
        }
    }
    auto prefix = fmt::format("{}:", list);
    if (!plain.starts_with(prefix)) return std::nullopt;
    return plain.substr(prefix.size());
}

}  // namespace polysync::api
