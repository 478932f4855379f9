// Polysync's signer (PERF-3). Arguments: file of requests, one JSON object per line, and rounds.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "aws/auth/sigv4.h"
#include "bench/bench_result.h"

namespace polysync::bench {
namespace {

constexpr std::string_view access_key_id = "AKIDEXAMPLE";
constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

// What a client holds in hand when it signs.
struct Prepared {
    std::string host, path, target, content_type, body, service, region, date;
    std::vector<aws::HeaderView> headers;
};

std::vector<Prepared> read_requests(const char* file) {
    std::ifstream input(file);
    std::vector<Prepared> requests;
    for (std::string line; std::getline(input, line);) {
        const auto one = boost::json::parse(line).as_object();
        auto text = [&one](const char* name) { return std::string(one.at(name).as_string()); };
        Prepared request;
        const std::string url = text("url");
        const auto host = std::string_view("https://").size();
        const auto path = url.find('/', host);
        request.host = url.substr(host, path - host);
        request.path = url.substr(path);
        request.target = text("target");
        request.content_type = text("contentType");
        request.body = text("body");
        request.service = text("service");
        request.region = text("region");
        request.date = text("date");
        requests.push_back(std::move(request));
    }
    for (auto& request : requests) {  // views of strings that no longer move
        request.headers = {
            {"content-type", request.content_type}, {"host", request.host}, {"x-amz-date", request.date}};
        if (!request.target.empty()) request.headers.push_back({"x-amz-target", request.target});
    }
    return requests;
}

const std::string& sign(aws::Signer& signer, const Prepared& one) {
    const aws::SigningScope scope{one.region, one.service, one.date};
    return signer.authorization(access_key_id, secret, scope, {"POST", one.path, "", one.headers, one.body});
}

int run(const char* file, long rounds) {
    const auto requests = read_requests(file);
    aws::Signer signer;
    std::size_t bytes = 0;
    const double before_s = cpu_s();
    for (long round = 0; round < rounds; ++round)
        for (const auto& request : requests) bytes += sign(signer, request).size();
    const double used_s = cpu_s() - before_s;
    boost::json::array signatures;
    for (const auto& request : requests) {
        const std::string& text = sign(signer, request);
        signatures.emplace_back(text.substr(text.rfind('=') + 1));
    }
    const boost::json::object result{{"signed", rounds * static_cast<long>(requests.size())},
                                     {"cpu_s", used_s},
                                     {"signatures", signatures},
                                     {"header_bytes", bytes}};
    std::puts(boost::json::serialize(result).c_str());
    return 0;
}

}  // namespace
}  // namespace polysync::bench

int main(int argc, char** argv) {
    if (argc != 3) return std::fputs("usage: sigv4_sign REQUESTS ROUNDS\n", stderr), 2;
    return polysync::bench::run(argv[1], std::strtol(argv[2], nullptr, 10));
}
