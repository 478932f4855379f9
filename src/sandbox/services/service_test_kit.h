// For the tests of the simulated services: calls in virtual time, with JSON texts in and members out.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "sandbox/service.h"
#include "sandbox/services/input.h"

namespace polysync::sandbox {

// One service and a clock that moves only when told to. Not a fixture: tests make the service that they need.
class Caller {
  public:
    explicit Caller(Service& service) : service_(service) {
        context.region = "eu-west-1";
        context.now = SandboxTime(Millis(1'790'000'000'000));
    }

    CallContext context;

    void pass(Millis time) { context.now += time; }

    ServiceAnswer call(std::string_view operation, std::string_view input) {
        return service_.handle(operation, boost::json::parse(std::string(input)).as_object(), context);
    }
    // The body of a call that must succeed.
    JsonObject ok(std::string_view operation, std::string_view input) {
        ServiceAnswer got = call(operation, input);
        EXPECT_EQ(got.error_code, "") << operation << ": " << got.error_message;
        return got.body;
    }
    // The error code of a call that must fail ("" where it did not).
    std::string code(std::string_view operation, std::string_view input) {
        return call(operation, input).error_code;
    }

    void admin(std::string_view kind, std::string_view input) {
        const ServiceAnswer got =
            service_.admin(kind, boost::json::parse(std::string(input)).as_object(), context);
        ASSERT_EQ(got.error_code, "") << got.error_message;
    }
    std::string admin_refusal(std::string_view kind, std::string_view input) {
        return service_.admin(kind, boost::json::parse(std::string(input)).as_object(), context)
            .error_message;
    }

    // All items of a paged call, and in `pages` how many pages there were. Fails on a repeated token.
    std::vector<Json> all(std::string_view operation, std::string input, std::string_view list,
                          std::string_view token_in, std::string_view token_out, int* pages = nullptr) {
        std::vector<Json> items;
        std::string token;
        for (int page = 1; page < 10'000; ++page) {
            JsonObject request = boost::json::parse(input).as_object();
            if (!token.empty()) request[token_in] = token;
            const ServiceAnswer got = service_.handle(operation, request, context);
            EXPECT_EQ(got.error_code, "") << got.error_message;
            if (const JsonArray* found = list_in(got.body, list))
                items.insert(items.end(), found->begin(), found->end());
            if (pages) *pages = page;
            const std::string next = text(got.body, token_out);
            if (next.empty() || got.failed()) break;
            EXPECT_NE(next, token);
            token = next;
        }
        return items;
    }

  private:
    Service& service_;
};

// A member on a path such as "JobRun.JobRunState" or "jobs.0.status"; null where it is not there.
inline Json member(const Json& value, std::string_view path) {
    const Json* at = &value;
    while (!path.empty()) {
        const std::string_view step = path.substr(0, path.find('.'));
        path.remove_prefix(std::min(path.size(), step.size() + 1));
        if (const auto* array = at->if_array()) {
            const auto index = std::size_t(std::stoul(std::string(step)));
            if (index >= array->size()) return nullptr;
            at = &(*array)[index];
        } else {
            const auto* object = at->if_object();
            const auto it = object ? object->find(step) : JsonObject::const_iterator();
            if (!object || it == object->end()) return nullptr;
            at = &it->value();
        }
    }
    return *at;
}

inline std::string string_at(const Json& value, std::string_view path) {
    return std::string(view(member(value, path)));
}

}  // namespace polysync::sandbox
