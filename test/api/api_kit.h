// The whole API in one process and in virtual time: runtime and service on one io_context, the store in
// memory, two simulated platforms.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include "api/service.h"
#include "runtime/operations.h"
#include "runtime/runtime.h"
#include "store/store.h"
#include "test/sim/fake_aws.h"
#include "test/sim/virtual_clock.h"
#include "test/support/cli_bench.h"

namespace polysync::test {

struct Answer {
    int status = 0;
    api::Headers headers;
    boost::json::value body;
    std::string text;

    [[nodiscard]] const boost::json::value& at(std::string_view pointer) const;  // "/items/0/id"
    [[nodiscard]] std::string text_at(std::string_view pointer) const;           // empty where there is none
    [[nodiscard]] std::int64_t number_at(std::string_view pointer) const;        // -1 where there is none
    [[nodiscard]] std::string header(std::string_view name) const;
};

// Platforms p1 and p2; jobs load and report; tasks etl/hourly (every hour) -> etl/join <- etl/other,
// etl/plain (no grain), etl/event (waits for the source etl/files).
class ApiTest : public testing::Test {
  protected:
    ApiTest();
    ~ApiTest() override;

    // With `body` empty, none is sent. Records the exchange for check_answers.py.
    Answer ask(api::Method method, std::string target, std::string body = {}, api::Headers headers = {});
    Answer get(std::string target) { return ask(api::Method::get, std::move(target)); }
    Answer post(std::string target, std::string body = "{}", api::Headers headers = {}) {
        return ask(api::Method::post, std::move(target), std::move(body), std::move(headers));
    }

    // Time goes on until the run has ended, or the test fails.
    Answer wait_for_end(std::int64_t run);
    void pass(Millis time);
    [[nodiscard]] std::size_t count_runs();

    sim::VirtualClock clock{parse_iso8601("2026-09-14T10:00:30Z").value()};
    SeededRandom random{7};
    sim::Faults faults;
    std::optional<cli::test::Script> discovery;  // instead of the simulated AWS, while it is set
    std::vector<std::unique_ptr<sim::FakePlatform>> aws;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<runtime::ProviderSource> providers;
    std::unique_ptr<runtime::Runtime> runtime;
    std::unique_ptr<runtime::Operations> operations;
    std::unique_ptr<api::Service> service;
    boost::asio::io_context io;  // its coroutines refer to all the above, and go first
};

}  // namespace polysync::test
