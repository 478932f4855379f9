// Proxies, TLS verification and the options that come from the environment.
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "base/secret.h"
#include "http/curl/curl_client.h"
#include "test/support/certificates.h"
#include "test/support/run_async.h"
#include "test/support/scripted_server.h"

namespace polysync::http {
namespace {

using test::CertificateAuthority;
using test::Reply;
using test::run_async;
using test::ScriptedServer;
using test::SeenRequest;
using test::ServerCertificate;

std::unique_ptr<HttpClient> client_with(CurlOptions options) {
    auto client = make_curl_client(std::move(options));
    EXPECT_TRUE(client) << client.error().describe();
    return std::move(client.value());
}

Request get(std::string url, bool use_proxy = true) {
    Request request;
    request.url = std::move(url);
    request.use_proxy = use_proxy;
    return request;
}

CurlOptions bundle_at(std::string path) {
    CurlOptions options;
    options.ca_bundle = std::move(path);
    return options;
}

class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& text) {
        std::string name = (std::filesystem::temp_directory_path() / "polysync-test-XXXXXX").string();
        ::close(::mkstemp(name.data()));
        path_ = name;
        std::ofstream(path_) << text;
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

TEST(CurlTls, OnlyTheBundleMakesAnUnknownAuthorityTrusted) {
    CertificateAuthority authority, other;
    ServerCertificate certificate = authority.issue("IP:127.0.0.1");
    ScriptedServer server([](const SeenRequest&) { return Reply::ok("secure"); }, &certificate);
    TemporaryFile bundle(authority.certificate_pem()), wrong(other.certificate_pem());
    auto trusted = run_async(client_with(bundle_at(bundle.path()))->send(get(server.url())));
    ASSERT_TRUE(trusted) << trusted.error().describe();
    EXPECT_EQ(trusted.value().body, "secure");
    for (const std::string& path : {std::string(), wrong.path()}) {
        auto refused = run_async(client_with(bundle_at(path))->send(get(server.url())));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::transient);
        EXPECT_EQ(refused.error().code, "connect_failed");
        EXPECT_NE(refused.error().remedy.find("AWS_CA_BUNDLE"), std::string::npos)
            << refused.error().describe();
    }
    EXPECT_EQ(server.seen().size(), 1u);
}

TEST(CurlTls, HostNamesAreVerified) {
    CertificateAuthority authority;
    ServerCertificate certificate = authority.issue("DNS:elsewhere.test");
    ScriptedServer server([](const SeenRequest&) { return Reply::ok("secure"); }, &certificate);
    TemporaryFile bundle(authority.certificate_pem());
    auto refused = run_async(client_with(bundle_at(bundle.path()))->send(get(server.url())));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "connect_failed");
    EXPECT_NE(refused.error().remedy.find("host name"), std::string::npos);
    EXPECT_TRUE(server.seen().empty());
}

TEST(CurlTls, BadBundlesAreNamed) {
    auto missing = make_curl_client(bundle_at("/nonexistent/ca.pem"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "tls_setup");
    EXPECT_EQ(missing.error().kind, ErrorKind::invalid_input);
    EXPECT_NE(missing.error().message.find("/nonexistent/ca.pem"), std::string::npos);
    CertificateAuthority authority;
    ServerCertificate certificate = authority.issue("IP:127.0.0.1");
    ScriptedServer server([](const SeenRequest&) { return Reply::ok("secure"); }, &certificate);
    TemporaryFile nonsense("this is not PEM\n");
    auto refused = run_async(client_with(bundle_at(nonsense.path()))->send(get(server.url())));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "tls_setup") << refused.error().describe();
}

TEST(CurlProxy, HttpGoesThroughItWithTheWholeUrl) {
    ScriptedServer proxy([](const SeenRequest& request) { return Reply::ok(request.target); });
    CurlOptions options;
    options.http_proxy = "http://user:proxy-password@" + proxy.address();
    auto answer = run_async(client_with(options)->send(get("http://glue.example.test:8080/path?q")));
    ASSERT_TRUE(answer) << answer.error().describe();
    EXPECT_EQ(answer.value().body, "http://glue.example.test:8080/path?q");
    EXPECT_EQ(proxy.seen()[0].header("proxy-authorization"), "Basic dXNlcjpwcm94eS1wYXNzd29yZA==");
}

TEST(CurlProxy, HttpsIsTunnelled) {
    CertificateAuthority authority;
    ServerCertificate certificate = authority.issue("IP:127.0.0.1");
    ScriptedServer server([](const SeenRequest&) { return Reply::ok("secure", "X-From: server\r\n"); },
                          &certificate);
    ScriptedServer proxy([](const SeenRequest&) {
        return Reply::raw("HTTP/1.1 200 Connected\r\nX-From: proxy\r\n\r\n", Reply::Then::keep);
    });
    TemporaryFile bundle(authority.certificate_pem());
    CurlOptions options;
    options.ca_bundle = bundle.path();
    options.https_proxy = "http://" + proxy.address();
    auto client = client_with(options);
    for (int i = 0; i < 2; ++i) {
        auto answer = run_async(client->send(get(server.url())));
        ASSERT_TRUE(answer) << answer.error().describe();
        EXPECT_EQ(answer.value().body, "secure");
        EXPECT_EQ(answer.value().header("x-from"), "server");
        EXPECT_EQ(answer.value().headers.size(), 2u);
    }
    ASSERT_EQ(proxy.seen().size(), 1u);
    EXPECT_EQ(proxy.seen()[0].method, "CONNECT");
    EXPECT_EQ(proxy.seen()[0].target, server.address());
    EXPECT_EQ(proxy.seen()[0].header("host"), server.address());
}

TEST(CurlProxy, MetadataAndNoProxyHostsGoDirect) {
    ScriptedServer server([](const SeenRequest&) { return Reply::ok("direct"); });
    ScriptedServer proxy([](const SeenRequest&) { return Reply::ok("proxy"); });
    CurlOptions options;
    options.http_proxy = "http://" + proxy.address();
    auto client = client_with(options);
    EXPECT_EQ(run_async(client->send(get(server.url()))).value().body, "proxy");
    EXPECT_EQ(run_async(client->send(get(server.url(), false))).value().body, "direct");
    EXPECT_EQ(run_async(client->send(get(server.url()))).value().body, "proxy");
    for (const char* exceptions : {"127.0.0.1", "example.test,127.0.0.1", "*", "127.0.0.0/8"}) {
        options.no_proxy = exceptions;
        EXPECT_EQ(run_async(client_with(options)->send(get(server.url()))).value().body, "direct")
            << exceptions;
    }
    options.no_proxy = "example.test";
    EXPECT_EQ(run_async(client_with(options)->send(get(server.url()))).value().body, "proxy");
}

TEST(CurlProxy, ItsRefusalsAreNotSentAndNamed) {
    struct Case {
        const char* status;
        const char* remedy;
    };
    for (const Case& given : {Case{"407 Proxy Authentication Required", "user and password"},
                              Case{"403 Forbidden", "NO_PROXY"}}) {
        ScriptedServer proxy([&](const SeenRequest&) { return Reply::status(given.status, ""); });
        CurlOptions options;
        options.https_proxy = "http://" + proxy.address();
        auto refused = run_async(client_with(options)->send(get("https://glue.us-east-1.amazonaws.com/")));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "connect_failed");
        EXPECT_EQ(refused.error().kind, ErrorKind::transient);
        EXPECT_NE(refused.error().remedy.find(given.remedy), std::string::npos) << refused.error().remedy;
    }
}

TEST(CurlEnvironment, FromTheEnvironment) {
    std::map<std::string, std::string, std::less<>> variables{
        {"AWS_CA_BUNDLE", "/etc/ca.pem"},
        {"HTTPS_PROXY", "http://upper:1"},
        {"https_proxy", "http://u:s3cret-proxy@lower:2"},
        {"HTTP_PROXY", "upper:3"},
        {"http_proxy", ""},
        {"NO_PROXY", "a,b"}};
    auto get = [&](std::string_view name) -> std::optional<std::string> {
        auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
    CurlOptions options = curl_options_from_environment(get);
    EXPECT_EQ(options.ca_bundle, "/etc/ca.pem");
    EXPECT_EQ(options.https_proxy, "http://u:s3cret-proxy@lower:2");
    EXPECT_EQ(options.http_proxy, "upper:3");
    EXPECT_EQ(options.no_proxy, "a,b");
    EXPECT_EQ(redact("proxy s3cret-proxy"), "proxy [redacted]");  // SAFE-3
}

}  // namespace
}  // namespace polysync::http
