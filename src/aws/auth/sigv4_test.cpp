#include "aws/auth/sigv4.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "base/random.h"

namespace polysync::aws {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view key_id = "AKIDEXAMPLE";
constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::string str(const std::array<char, 64>& hex) { return {hex.data(), hex.size()}; }

// ---- AWS's own vectors

struct ParsedRequest {
    std::string method, path, query, body;
    std::vector<std::pair<std::string, std::string>> headers;

    std::vector<HeaderView> views() const {
        std::vector<HeaderView> all;
        for (auto& [name, value] : headers) all.push_back({name, value});
        return all;
    }
};

ParsedRequest parse_request(const std::string& text) {
    ParsedRequest request;
    std::size_t end_of_head = std::min(text.find("\n\n"), text.size());
    if (end_of_head + 2 <= text.size()) request.body = text.substr(end_of_head + 2);
    std::istringstream head(text.substr(0, end_of_head));
    std::string line;
    std::getline(head, line);
    std::size_t target = line.find(' ') + 1, version = line.rfind(' ');
    request.method = line.substr(0, target - 1);
    std::string url = line.substr(target, version - target);
    std::size_t question = std::min(url.find('?'), url.size());
    request.path = url.substr(0, question);
    request.query = question < url.size() ? url.substr(question + 1) : "";
    while (std::getline(head, line)) {
        if (line.empty()) continue;
        if (line[0] == ' ' || line[0] == '\t') {
            request.headers.back().second += "\n" + line;
            continue;
        }
        std::size_t colon = line.find(':');
        request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    }
    return request;
}

void check_vector(const fs::path& folder) {
    SCOPED_TRACE(folder.filename().string());
    json::object context = json::parse(text_of(folder / "context.json")).as_object();
    json::object& credentials = context["credentials"].as_object();
    ParsedRequest request = parse_request(text_of(folder / "request.txt"));

    SystemTime time = parse_iso8601(std::string_view(context["timestamp"].as_string())).value();
    auto date = amz_date(time);
    request.headers.emplace_back("X-Amz-Date", std::string(date.data(), date.size()));
    if (context["sign_body"].as_bool())
        request.headers.emplace_back("x-amz-content-sha256", str(sha256_hex(request.body)));
    bool signs_token = !context.contains("omit_session_token") || !context["omit_session_token"].as_bool();
    if (credentials.contains("token") && signs_token)
        request.headers.emplace_back("X-Amz-Security-Token", std::string(credentials["token"].as_string()));

    auto headers = request.views();
    SignableRequest signable{request.method, request.path, request.query, headers, request.body};
    SigningScope scope{
        context["region"].as_string(), context["service"].as_string(), {date.data(), date.size()}};
    PathForm form = context["normalize"].as_bool() ? PathForm::normalized : PathForm::as_is;

    std::string canonical, text;
    canonical_request(signable, form, canonical);
    EXPECT_EQ(canonical, text_of(folder / "header-canonical-request.txt"));
    string_to_sign(canonical, scope, text);
    EXPECT_EQ(text, text_of(folder / "header-string-to-sign.txt"));
    Signer signer;
    std::string key(credentials["secret_access_key"].as_string());
    EXPECT_EQ(str(signer.signature(key, scope, text)), text_of(folder / "header-signature.txt"));
    const std::string& header = signer.authorization(
        std::string_view(credentials["access_key_id"].as_string()), key, scope, signable, form);
    EXPECT_NE(text_of(folder / "header-signed-request.txt").find("Authorization:" + header),
              std::string::npos);
}

TEST(SigV4, AgreesWithAwsVectors) {
    fs::path suite = fs::path(POLYSYNC_SHARED_DIR) / "sigv4-test-suite" / "v4";
    if (!fs::exists(suite)) GTEST_SKIP() << "AWS's signing vectors are not at " << suite;
    int cases = 0;
    for (auto& entry : fs::directory_iterator(suite)) {
        check_vector(entry.path());
        ++cases;
    }
    EXPECT_EQ(cases, 38);
}

// ---- The worked example that two other implementations agree on

constexpr std::string_view example_date = "20260102T030405Z";

TEST(SigV4, WorkedExampleStepByStep) {
    HeaderView headers[] = {{"X-Amz-Target", "AWSGlue.GetJobRun"},
                            {"Host", "glue.eu-west-1.amazonaws.com"},
                            {"Content-Type", "application/x-amz-json-1.1"},
                            {"X-Amz-Date", example_date},
                            {"X-Amz-Security-Token", "FwoGZXIvYXdzEXAMPLETOKEN=="}};
    SignableRequest request{"POST", "/", "", headers, R"({"JobName":"nightly-load","RunId":"jr_0123"})"};
    SigningScope scope{"eu-west-1", "glue", example_date};

    std::string canonical, text, names;
    canonical_request(request, PathForm::normalized, canonical);
    EXPECT_EQ(str(sha256_hex(canonical)), "718104771c7867e9773f30cb91c00d91367f7e094375795db3d0a342d2046311");
    signed_headers(headers, names);
    EXPECT_EQ(names, "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
    string_to_sign(canonical, scope, text);

    std::string key;
    for (unsigned char byte : signing_key(secret, scope)) {
        char pair[3];
        std::snprintf(pair, sizeof pair, "%02x", byte);
        key += pair;
    }
    EXPECT_EQ(key, "5798522b86c97ee4671dc443e97deb742aee85c2db09faa27e7349fb6ce025b3");
    Signer signer;
    EXPECT_EQ(str(signer.signature(secret, scope, text)),
              "5f0378a1f556e1963023bdd6574fcb575011d4ec1e1d9eb2481965087c9dbaf7");
    EXPECT_EQ(signer.authorization(key_id, secret, scope, request),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/glue/aws4_request, "
              "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
              "Signature=5f0378a1f556e1963023bdd6574fcb575011d4ec1e1d9eb2481965087c9dbaf7");
}

TEST(SigV4, WorkedExamplesOfTheOtherProtocols) {
    struct Case {
        std::string_view path, host, type, body, region, service, signature;
    } cases[] = {{"/v1/describejobs", "batch.us-gov-west-1.amazonaws.com", "application/json",
                  R"({"jobs":["bcf0b186-a532-4122-842e-2ccab8d54efb"]})", "us-gov-west-1", "batch",
                  "912d55ac4675886607fedb6028bc683dfe80c22921bd5d4c4b495d9f4dcd8a38"},
                 {"/", "sts.us-east-1.amazonaws.com", "application/x-www-form-urlencoded; charset=utf-8",
                  "Action=GetCallerIdentity&Version=2011-06-15", "us-east-1", "sts",
                  "b57eccc771c57ff3d2d1121eb0768f9b5a596f1e2aa97e452275256232edfb15"}};
    Signer signer;
    for (auto& c : cases) {
        HeaderView headers[] = {{"content-type", c.type}, {"host", c.host}, {"x-amz-date", example_date}};
        SignableRequest request{"POST", c.path, "", headers, c.body};
        std::string header =
            signer.authorization(key_id, secret, {c.region, c.service, example_date}, request);
        EXPECT_EQ(header.substr(header.size() - 64), c.signature);
    }
}

TEST(SigV4, FormatsTheDate) {
    auto date = amz_date(parse_iso8601("2026-11-30T23:09:08.765Z").value());
    EXPECT_EQ(std::string_view(date.data(), date.size()), "20261130T230908Z");
    SystemTime time(Millis(1767322983123));
    for (int i = 0; i < 2000; ++i, time += std::chrono::hours(37)) {
        auto fast = amz_date(time);
        ASSERT_EQ(std::string_view(fast.data(), fast.size()), format_basic(time));
    }
}

TEST(SigV4, MoreKeysThanAreKept) {
    Signer signer;
    HeaderView headers[] = {{"host", "h"}, {"x-amz-date", example_date}};
    SignableRequest request{"POST", "/", "", headers, "{}"};
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 40; ++i) {
            std::string own = "secret-" + std::to_string(i);
            std::string kept =
                signer.authorization(key_id, own, {"eu-west-1", "glue", example_date}, request);
            EXPECT_EQ(kept,
                      Signer().authorization(key_id, own, {"eu-west-1", "glue", example_date}, request));
        }
    }
}

// ---- Byte for byte what botocore makes of random requests (PERF-3)

class Generator {
  public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}
    std::size_t below(std::size_t end) { return random_.next() % end; }
    bool chance(int percent) { return int(below(100)) < percent; }

    std::string text(std::size_t max, std::string_view alphabet) {
        std::string out;
        for (std::size_t n = below(max + 1); n > 0; --n) out += alphabet[below(alphabet.size())];
        return out;
    }
    std::string word(std::size_t max = 12) { return "w" + text(max, "abcXYZ019-_.~"); }
    // UTF-8 of one to four bytes.
    std::string unicode() {
        static const char* const samples[] = {"é", "ሴ", "日本", "😀", "ß", "ñ", "Ω", "я"};
        return samples[below(std::size(samples))];
    }
    std::string encoded(std::size_t max) {
        static constexpr char hex[] = "0123456789ABCDEF";
        static constexpr std::string_view plain = "abcdefXYZ0129-_.~";
        std::string out;
        for (std::size_t n = below(max + 1); n > 0; --n) {
            if (chance(70)) {
                out += plain[below(plain.size())];
                continue;
            }
            static constexpr std::string_view escaped = " +/=&%:,;@!$'()*[]";
            auto byte = static_cast<unsigned char>(escaped[below(escaped.size())]);
            out += {'%', hex[byte >> 4], hex[byte & 15]};
        }
        return out;
    }

    json::object request() {
        static const char* const methods[] = {"POST", "GET", "PUT", "DELETE", "HEAD", "PATCH"};
        static const char* const hosts[] = {"glue.eu-west-1.amazonaws.com", "localhost:4566", "[::1]:8080",
                                            "api.sagemaker.us-east-1.amazonaws.com"};
        json::object made;
        made["method"] = methods[below(std::size(methods))];
        std::string path = "/";
        for (std::size_t n = below(5); n > 0; --n) {
            static const char* const odd[] = {".", "..", "", "a%20b", "x y", "a:b", "*", "$+@"};
            path += chance(40) ? odd[below(std::size(odd))] : chance(20) ? unicode() : word();
            if (n > 1 || chance(30)) path += '/';
        }
        std::string query;
        for (std::size_t n = chance(40) ? 1 + below(6) : 0; n > 0; --n) {
            query += (query.empty() ? "" : "&") + std::string("k") + encoded(6);
            if (chance(85)) query += "=" + encoded(8);
        }
        made["path"] = path;
        made["query"] = query;
        std::string host = hosts[below(std::size(hosts))];
        made["url"] = "https://" + host + path + (query.empty() ? "" : "?" + query);
        json::array headers{json::array{"Host", host}};
        for (std::size_t n = below(20); n > 0; --n) {
            std::string value = text(4, " \t") + word(30);
            while (chance(40)) value += text(3, " \t") + (chance(30) ? unicode() : word());
            headers.push_back(json::array{chance(25) ? "X-Same" : "X-" + word(), value + text(3, " ")});
        }
        made["headers"] = headers;
        made["body"] =
            chance(15) ? "" : "{\"" + word() + "\":\"" + text(200, "abc \n\t{}\\") + unicode() + "\"}";
        made["key_id"] = "AKIA" + text(16, "ABCDEFG0123");
        made["secret"] = "s" + text(80, "abcXYZ/+=019");
        made["token"] = chance(50) ? "t" + text(900, "abcXYZ/+=019") : "";
        made["region"] = chance(50) ? "us-east-1" : word();
        made["service"] = chance(50) ? "glue" : word();
        auto date = amz_date(SystemTime(Millis(random_.next() % 4000000000000)));
        made["date"] = std::string(date.data(), date.size());
        return made;
    }

  private:
    SeededRandom random_;
};

struct Signed {
    std::string canonical, text, authorization;
};

Signed sign(Signer& signer, json::object& made) {
    std::vector<HeaderView> headers;
    for (auto& header : made["headers"].as_array())
        headers.push_back({header.at(0).as_string(), header.at(1).as_string()});
    headers.push_back({"X-Amz-Date", made["date"].as_string()});
    if (!made["token"].as_string().empty())
        headers.push_back({"X-Amz-Security-Token", made["token"].as_string()});
    SignableRequest request{made["method"].as_string(), made["path"].as_string(), made["query"].as_string(),
                            headers, made["body"].as_string()};
    SigningScope scope{made["region"].as_string(), made["service"].as_string(), made["date"].as_string()};
    Signed out;
    canonical_request(request, PathForm::normalized, out.canonical);
    string_to_sign(out.canonical, scope, out.text);
    out.authorization = signer.authorization(std::string_view(made["key_id"].as_string()),
                                             std::string_view(made["secret"].as_string()), scope, request);
    return out;
}

TEST(SigV4, EqualsBotocoreOnRandomRequests) {
    if (std::system("/usr/bin/python3 -c 'import botocore' 2>/dev/null") != 0)
        GTEST_SKIP() << "python3-botocore is not installed";
    constexpr std::size_t count = 4000;
    char name[] = "/tmp/polysync_sign_XXXXXX";
    int fd = mkstemp(name);
    ASSERT_GE(fd, 0);
    std::FILE* file = fdopen(fd, "w");
    Generator generator(20260102);
    std::vector<json::object> made;
    for (std::size_t i = 0; i < count; ++i) {
        made.push_back(generator.request());
        std::fprintf(file, "%s\n", json::serialize(made.back()).c_str());
    }
    std::fclose(file);

    std::string command =
        std::string("/usr/bin/python3 " POLYSYNC_SOURCE_DIR "/test/aws/botocore_sign.py ") + name;
    std::FILE* answers = popen(command.c_str(), "r");
    ASSERT_NE(answers, nullptr);
    Signer signer;
    char* line = nullptr;
    std::size_t capacity = 0, compared = 0;
    while (getline(&line, &capacity, answers) > 0 && compared < count && !testing::Test::HasFailure()) {
        json::array theirs = json::parse(line).as_array();
        Signed ours = sign(signer, made[compared++]);
        EXPECT_EQ(ours.canonical, theirs[0].as_string());
        EXPECT_EQ(ours.text, theirs[1].as_string());
        EXPECT_EQ(ours.authorization, theirs[2].as_string());
    }
    std::free(line);
    pclose(answers);
    std::remove(name);
    EXPECT_EQ(compared, count);
}

}  // namespace
}  // namespace polysync::aws
