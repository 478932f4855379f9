// A DescribeJobs over TLS that has an answer for every job whose id begins with its number in hex (PERF-4).
// All jobs run until they are told to change: then every tenth has succeeded.
//
//     batch_answers FOLDER CERTIFICATE KEY      prints its port; ends with SIGTERM
//
// FOLDER has running.jsonl and succeeded.jsonl: what AWS says of a job, one variant a line, JOB-ID in its
// id's place. Besides DescribeJobs: POST /bench/change, GET /bench/calls.
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>

#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "bench/engine_bench.h"
#include "sandbox/http_server.h"

namespace polysync::bench {
namespace {

constexpr std::string_view id_mark = "JOB-ID";

// A job's document, cut where its id goes.
using Variant = std::vector<std::string>;

Variant cut(const std::string& line) {
    Variant parts;
    std::size_t from = 0;
    for (auto at = line.find(id_mark); at != std::string::npos; at = line.find(id_mark, from)) {
        parts.push_back(line.substr(from, at - from));
        from = at + id_mark.size();
    }
    parts.push_back(line.substr(from));
    return parts;
}

std::vector<Variant> read_variants(const std::string& path) {
    std::ifstream file(path);
    std::vector<Variant> variants;
    for (std::string line; std::getline(file, line);) variants.push_back(cut(line));
    if (variants.empty()) fail("no answers in " + path);
    return variants;
}

class BatchAnswers {
  public:
    explicit BatchAnswers(const std::string& folder)
        : running_(read_variants(folder + "/running.jsonl")),
          succeeded_(read_variants(folder + "/succeeded.jsonl")) {}

    sandbox::HttpAnswer answer(const sandbox::HttpRequest& request) {
        sandbox::HttpAnswer answer;
        answer.content_type = "application/json";
        if (request.path == "/v1/describejobs") {
            ++calls_;
            describe(request.body, answer.body);
        } else if (request.path == "/bench/change") {
            changed_ = true;
            answer.body = "{}";
        } else if (request.path == "/bench/calls") {
            answer.body = fmt::format("{{\"calls\":{}}}", calls_);
        } else {
            answer.status = 404;
        }
        return answer;
    }

  private:
    void describe(std::string_view body, std::string& out) const {
        auto asked = boost::json::parse(body);
        const auto& ids = asked.at("jobs").as_array();
        out.reserve(ids.size() * 2100 + 16);
        out = R"({"jobs":[)";
        for (const auto& id : ids) {
            if (out.back() == '}') out += ',';
            append(id.as_string(), out);
        }
        out += "]}";
    }

    void append(std::string_view id, std::string& out) const {
        unsigned number = 0;
        std::from_chars(id.data(), id.data() + std::min<std::size_t>(id.size(), 8), number, 16);
        const auto& variants = changed_ && number % 10 == 0 ? succeeded_ : running_;
        bool is_first = true;
        for (const auto& part : variants[number % variants.size()]) {
            if (!is_first) out += id;
            is_first = false;
            out += part;
        }
    }

    std::vector<Variant> running_, succeeded_;
    bool changed_ = false;
    long calls_ = 0;
};

int serve(const std::string& folder, const std::string& certificate, const std::string& key) {
    BatchAnswers answers(folder);
    boost::asio::io_context io(1);
    sandbox::HttpServerOptions options;
    options.tls_certificate_file = certificate;
    options.tls_key_file = key;
    sandbox::HttpServer server(
        io, options, [&answers](const sandbox::HttpRequest& request) { return answers.answer(request); });
    check(server.listen());
    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
    std::printf("%d\n", int(server.port()));
    std::fflush(stdout);
    io.run();
    return 0;
}

}  // namespace
}  // namespace polysync::bench

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    return polysync::bench::serve(argv[1], argv[2], argv[3]);
}
