// A command line whose server is scripted. Header-only; tests only.
#pragma once

#include "cli/rest_client.h"
#include "test/support/cli_bench.h"
#include "test/support/fake_http.h"

namespace polysync::cli::test {

struct RemoteBench : Bench {
    polysync::test::FakeHttp http;
    RemoteBench() {
        server = &http;
        variables["POLYSYNC_SERVER"] = "http://127.0.0.1:8080/";
        variables["POLYSYNC_TOKEN"] = "token-of-the-server";
    }
    [[nodiscard]] const http::Request& asked(std::size_t index = 0) const {
        return http.requests().at(index);
    }
};

}  // namespace polysync::cli::test
