// For tests: signs requests and puts them to a Front without a socket, in virtual time.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "sandbox/front.h"
#include "sandbox/sha256.h"
#include "sandbox/signature.h"
#include "sandbox/world.h"

namespace polysync::sandbox {

inline const SystemTime test_start{Millis(1'795'167'000'000)};  // 2026-11-20T09:30:00Z

// A request that owns its texts.
struct OwnedRequest {
    std::string method = "POST", path = "/", query, body;
    std::vector<std::pair<std::string, std::string>> headers;

    [[nodiscard]] HttpRequest view() const {
        HttpRequest request;
        request.method = method;
        request.path = path;
        request.query = query;
        request.body = body;
        for (auto& [name, value] : headers) request.headers.push_back({name, value});
        return request;
    }
};

struct Signer {
    std::string key_id = std::string(sample_key_id), secret = std::string(sample_secret), token;
    std::string region = "eu-west-1";

    // Adds X-Amz-Date, the token and Authorization over all headers so far.
    void sign(OwnedRequest& request, std::string_view service, SystemTime now) const {
        auto date = format_basic(now);
        request.headers.emplace_back("X-Amz-Date", date);
        if (!token.empty()) request.headers.emplace_back("X-Amz-Security-Token", token);
        std::vector<std::string> names;
        for (auto& [name, value] : request.headers) {
            names.push_back(name);
            for (auto& c : names.back()) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        std::sort(names.begin(), names.end());
        std::string list;
        for (auto& name : names) list += (list.empty() ? "" : ";") + name;
        auto day = date.substr(0, 8);
        auto scope = fmt::format("{}/{}/{}/aws4_request", day, region, service);
        auto to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope,
                                   hex(sha256(canonical_request(request.view(), list))));
        auto step = HmacKey("AWS4" + secret).sign(day);
        for (std::string_view part : {std::string_view(region), service, std::string_view("aws4_request")})
            step = HmacKey(view(step)).sign(part);
        request.headers.emplace_back(
            "Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                         key_id, scope, list, hex(HmacKey(view(step)).sign(to_sign))));
    }
};

struct Desk {
    ManualClock clock{test_start};
    World world{Settings(), false, 7, clock};
    Front front{world};
    Signer signer;

    HttpAnswer send(const OwnedRequest& request) { return front.handle(request.view()); }

    OwnedRequest unsigned_call(std::string_view target, std::string_view body) const {
        OwnedRequest request;
        request.headers = {{"Host", "127.0.0.1:4570"}, {"Content-Type", "application/x-amz-json-1.1"}};
        request.body = body;
        if (target.starts_with("/"))
            request.path = target;
        else
            request.headers.emplace_back("X-Amz-Target", target);
        return request;
    }
    // "AWSGlue.ListJobs" or "/v1/describejobs", signed for `service`.
    HttpAnswer call(std::string_view service, std::string_view target, std::string_view body) {
        auto request = unsigned_call(target, body);
        signer.sign(request, service, clock.now());
        return send(request);
    }
    HttpAnswer sts(std::string_view form, bool with_signature = true) {
        OwnedRequest request;
        request.headers = {{"Host", "127.0.0.1:4570"},
                           {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
        request.body = form;
        if (with_signature) signer.sign(request, "sts", clock.now());
        return send(request);
    }
    HttpAnswer admin(std::string_view path, std::string_view body = "{}") {
        OwnedRequest request;
        request.path = "/_sandbox/" + std::string(path);
        request.body = body;
        return send(request);
    }
    boost::json::object read(std::string_view path) {
        OwnedRequest request;
        request.method = "GET";
        request.path = "/_sandbox/" + std::string(path);
        return boost::json::parse(send(request).body).as_object();
    }
};

inline boost::json::object body_of(const HttpAnswer& answer) {
    return boost::json::parse(answer.body).as_object();
}

// What stands between <name> and </name>.
inline std::string element(std::string_view xml, std::string_view name) {
    auto open = "<" + std::string(name) + ">", close = "</" + std::string(name) + ">";
    auto begin = xml.find(open), end = xml.find(close);
    if (begin == std::string_view::npos || end == std::string_view::npos) return {};
    return std::string(xml.substr(begin + open.size(), end - begin - open.size()));
}

}  // namespace polysync::sandbox
