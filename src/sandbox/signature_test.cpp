#include "sandbox/signature.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "sandbox/front_test_kit.h"

namespace polysync::sandbox {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// A request as a server receives it: "GET /path?query HTTP/1.1", headers (folded lines joined), empty line,
// body.
OwnedRequest parse_request(const std::string& text) {
    OwnedRequest request;
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);
    auto first = line.find(' '), last = line.rfind(' ');
    request.method = line.substr(0, first);
    auto target = line.substr(first + 1, last - first - 1);
    auto mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    if (mark < target.size()) request.query = target.substr(mark + 1);
    while (std::getline(lines, line) && !line.empty()) {
        if (line[0] == ' ' || line[0] == '\t') {
            request.headers.back().second += " " + line;
        } else {
            auto colon = line.find(':');
            request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
        }
    }
    std::getline(lines, request.body, '\0');
    return request;
}

// AWS's own signing vectors, read from the receiving side.
TEST(Signature, AgreesWithAwsVectors) {
    fs::path root = fs::path(POLYSYNC_SHARED_DIR) / "sigv4-test-suite" / "v4";
    if (!fs::exists(root)) GTEST_SKIP() << "no vectors at " << root;
    int checked = 0;
    for (auto& entry : fs::directory_iterator(root)) {
        auto context = boost::json::parse(slurp(entry.path() / "context.json")).as_object();
        if (!context.at("normalize").as_bool()) continue;  // S3's way, which none of the services uses
        auto request = parse_request(slurp(entry.path() / "header-signed-request.txt"));
        std::string message;
        auto header = request.view().header("Authorization");
        auto parsed = parse_authorization(header, true, message);
        ASSERT_TRUE(parsed) << entry.path() << message;
        EXPECT_EQ(canonical_request(request.view(), parsed->signed_headers),
                  slurp(entry.path() / "header-canonical-request.txt"))
            << entry.path();

        auto& credentials = context.at("credentials").as_object();
        SeededRandom random(1);
        Identities identities(random);
        AccessKey key;
        key.id = credentials.at("access_key_id").as_string();
        key.secret = credentials.at("secret_access_key").as_string();
        bool unsigned_token =
            context.contains("omit_session_token") && context.at("omit_session_token").as_bool();
        if (credentials.contains("token")) key.session_token = credentials.at("token").as_string();
        identities.add_key(key);
        auto at = parse_iso8601(std::string(context.at("timestamp").as_string())).value();
        auto outcome = authenticate(request.view(), identities, {"service", std::chrono::minutes(5), at});
        // A token outside the signature is what these services refuse.
        EXPECT_EQ(outcome.key != nullptr, !unsigned_token) << entry.path() << outcome.refusal.message;
        ++checked;
    }
    EXPECT_GE(checked, 30);
}

// Worked examples that two other implementations agree on.
TEST(Signature, AcceptsExamplesOfOtherSigners) {
    struct Row {
        const char *service, *region, *path, *type, *target, *token, *body, *signature;
    };
    const Row rows[] = {
        {"glue", "eu-west-1", "/", "application/x-amz-json-1.1", "AWSGlue.GetJobRun",
         "FwoGZXIvYXdzEXAMPLETOKEN==", R"({"JobName":"nightly-load","RunId":"jr_0123"})",
         "5f0378a1f556e1963023bdd6574fcb575011d4ec1e1d9eb2481965087c9dbaf7"},
        {"batch", "us-gov-west-1", "/v1/describejobs", "application/json", "", "",
         R"({"jobs":["bcf0b186-a532-4122-842e-2ccab8d54efb"]})",
         "912d55ac4675886607fedb6028bc683dfe80c22921bd5d4c4b495d9f4dcd8a38"},
        {"sts", "us-east-1", "/", "application/x-www-form-urlencoded; charset=utf-8", "", "",
         "Action=GetCallerIdentity&Version=2011-06-15",
         "b57eccc771c57ff3d2d1121eb0768f9b5a596f1e2aa97e452275256232edfb15"},
    };
    const char* hosts[] = {"glue.eu-west-1.amazonaws.com", "batch.us-gov-west-1.amazonaws.com",
                           "sts.us-east-1.amazonaws.com"};
    for (std::size_t i = 0; i < std::size(rows); ++i) {
        auto& row = rows[i];
        OwnedRequest request;
        request.path = row.path;
        request.body = row.body;
        request.headers = {
            {"Content-Type", row.type}, {"Host", hosts[i]}, {"X-Amz-Date", "20260102T030405Z"}};
        std::string names = "content-type;host;x-amz-date";
        if (*row.token)
            request.headers.emplace_back("X-Amz-Security-Token", row.token), names += ";x-amz-security-token";
        if (*row.target) request.headers.emplace_back("X-Amz-Target", row.target), names += ";x-amz-target";
        request.headers.emplace_back(
            "Authorization",
            fmt::format("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/{}/{}/aws4_request, "
                        "SignedHeaders={}, Signature={}",
                        row.region, row.service, names, row.signature));
        SeededRandom random(1);
        Identities identities(random);
        AccessKey key;
        key.id = "AKIDEXAMPLE";
        key.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        key.session_token = row.token;
        identities.add_key(key);
        auto outcome =
            authenticate(request.view(), identities,
                         {row.service, std::chrono::minutes(5), SystemTime(Millis(1767323045000))});
        ASSERT_TRUE(outcome.key) << row.service << ": " << outcome.refusal.message;
        EXPECT_EQ(outcome.region, row.region);
        request.body += " ";
        EXPECT_FALSE(authenticate(request.view(), identities,
                                  {row.service, std::chrono::minutes(5), SystemTime(Millis(1767323045000))})
                         .key);
    }
}

TEST(Signature, RefusesMalformedHeadersWithoutFailing) {
    for (std::string header : {"x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential",
                               "AWS4-HMAC-SHA256 Credential=",
                               "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=x",
                               "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=host, Signature=x",
                               "AWS4-HMAC-SHA512 Credential=a/b/c/d/e, SignedHeaders=host, Signature=x",
                               "AWS4-HMAC-SHA256 ,,,=,==,Credential=////,SignedHeaders=;;;,Signature"}) {
        std::string message;
        EXPECT_FALSE(parse_authorization(header, true, message)) << header;
        EXPECT_FALSE(message.empty()) << header;
    }
}

TEST(Signature, HmacAndHashAreRight) {
    EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(HmacKey("Jefe").sign("what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");  // RFC 4231, case 2
    EXPECT_EQ(
        hex(HmacKey(std::string(131, '\xaa')).sign("Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");  // case 6
}

}  // namespace
}  // namespace polysync::sandbox
