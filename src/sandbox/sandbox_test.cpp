// The sandbox through real sockets.
#include "sandbox/sandbox.h"

#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace polysync::sandbox {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A blocking connection that reads answers by their Content-Length.
class Wire {
  public:
    explicit Wire(const Sandbox& sandbox) : socket_(io_) {
        socket_.connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), sandbox.port()));
    }
    void send(std::string_view text) { asio::write(socket_, asio::buffer(text)); }
    // Head and body; empty where the connection ended.
    std::string read() {
        boost::system::error_code error;
        auto head = asio::read_until(socket_, asio::dynamic_buffer(buffer_), "\r\n\r\n", error);
        if (error) return {};
        auto at = buffer_.find("Content-Length: ");
        auto length = at < head ? std::stoul(buffer_.substr(at + 16)) : 0;
        while (buffer_.size() < head + length) {
            asio::read(socket_, asio::dynamic_buffer(buffer_),
                       asio::transfer_exactly(head + length - buffer_.size()), error);
            if (error) break;
        }
        auto text = buffer_.substr(0, head + length);
        buffer_.erase(0, head + length);
        return text;
    }
    boost::system::error_code last_error() {
        boost::system::error_code error;
        char byte;
        socket_.read_some(asio::buffer(&byte, 1), error);
        return error;
    }

  private:
    asio::io_context io_;
    tcp::socket socket_;
    std::string buffer_;
};

std::unique_ptr<Sandbox> start(SandboxOptions options = {}) {
    auto made = Sandbox::start(options);
    EXPECT_TRUE(made) << made.error().describe();
    return std::move(made.value());
}

TEST(Sandbox, KeepsConnectionsAndAnswersPipelinedRequestsInOrder) {
    auto sandbox = start();
    Wire wire(*sandbox);
    wire.send(
        "GET /_sandbox/time HTTP/1.1\r\nHost: x\r\n\r\nGET /_sandbox/books HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(wire.read().find("\"sandbox\""), std::string::npos);
    EXPECT_NE(wire.read().find("\"calls\""), std::string::npos);
    EXPECT_TRUE(wire.read().starts_with("HTTP/1.1 404 Not Found\r\nDate: "));
    wire.send("GET http://sync-localhost:1/_sandbox/time HTTP/1.1\r\nHost: sync-localhost:1\r\n\r\n");
    EXPECT_TRUE(wire.read().starts_with("HTTP/1.1 200 OK")) << "the absolute form, as sent to proxies";
    wire.send("GET /_sandbox/time HTTP/1.0\r\n\r\n");
    EXPECT_NE(wire.read().find("Connection: close"), std::string::npos);
    EXPECT_EQ(wire.last_error(), asio::error::eof);
    auto books = sandbox->admin("GET", "books");
    EXPECT_EQ(books.at("connections").at("accepted"), 1);
    EXPECT_EQ(books.at("connections").at("requests"), 5);
}

TEST(Sandbox, BoundsBodiesAndHeaders) {
    auto sandbox = start();
    Wire body(*sandbox);
    body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n");
    EXPECT_TRUE(body.read().starts_with("HTTP/1.1 413"));
    Wire headers(*sandbox);
    headers.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(70000, 'x') + "\r\n\r\n");
    EXPECT_TRUE(headers.read().starts_with("HTTP/1.1 431"));
    Wire garbage(*sandbox);
    garbage.send("what is this\r\n\r\n");
    EXPECT_TRUE(garbage.read().starts_with("HTTP/1.1 400"));
    Wire expecting(*sandbox);
    expecting.send(
        "POST /_sandbox/time HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(expecting.read(), "HTTP/1.1 100 Continue\r\n\r\n");
    expecting.send("{}");
    EXPECT_TRUE(expecting.read().starts_with("HTTP/1.1 200 OK"));
}

TEST(Sandbox, FaultsThatOnlyASocketShows) {
    auto sandbox = start();
    auto call = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 24\r\n\r\nAction=GetCallerIdentity";
    sandbox->admin("POST", "faults", {{"kind", "reset_before"}, {"service", "sts"}});
    Wire reset(*sandbox);
    reset.send(call);
    EXPECT_EQ(reset.last_error(), asio::error::connection_reset);
    Wire fine(*sandbox);
    fine.send(call);
    EXPECT_TRUE(fine.read().starts_with("HTTP/1.1 403"));
}

TEST(Sandbox, RefusesOptionsThatCannotWork) {
    SandboxOptions options;
    options.address = "0.0.0.0";
    EXPECT_EQ(Sandbox::start(options).error().code, "not_loopback");
    options.address = "somewhere";
    EXPECT_EQ(Sandbox::start(options).error().code, "invalid_address");
    options = {};
    options.tls_key_file = "key.pem";
    EXPECT_EQ(Sandbox::start(options).error().code, "incomplete_tls");
    options.tls_certificate_file = "/does/not/exist.pem";
    EXPECT_EQ(Sandbox::start(options).error().code, "invalid_certificate");
    auto sandbox = start();
    options = {};
    options.port = sandbox->port();
    EXPECT_EQ(Sandbox::start(options).error().code, "cannot_listen");
}

// A self-signed certificate for 127.0.0.1, written to `certificate` and `key` (PEM).
void write_certificate(const std::string& certificate, const std::string& key) {
    EVP_PKEY* pair = EVP_EC_gen("P-256");
    X509* made = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -60);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, pair);
    auto* name = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"),
                               -1, -1, 0);
    X509_set_issuer_name(made, name);
    X509_sign(made, pair, EVP_sha256());
    std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(certificate.c_str(), "w"), &std::fclose);
    PEM_write_X509(file.get(), made);
    file.reset(std::fopen(key.c_str(), "w"));
    PEM_write_PrivateKey(file.get(), pair, nullptr, nullptr, 0, nullptr, nullptr);
    X509_free(made);
    EVP_PKEY_free(pair);
}

TEST(Sandbox, SpeaksTls) {
    SandboxOptions options;
    options.tls_certificate_file = testing::TempDir() + "sandbox-certificate.pem";
    options.tls_key_file = testing::TempDir() + "sandbox-key.pem";
    write_certificate(options.tls_certificate_file, options.tls_key_file);
    auto sandbox = start(options);
    EXPECT_EQ(sandbox->endpoint(), fmt::format("https://127.0.0.1:{}", sandbox->port()));

    asio::io_context io;
    asio::ssl::context trust(asio::ssl::context::tls_client);
    trust.load_verify_file(options.tls_certificate_file);
    asio::ssl::stream<tcp::socket> stream(io, trust);
    stream.set_verify_mode(asio::ssl::verify_peer);
    stream.next_layer().connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), sandbox->port()));
    stream.handshake(asio::ssl::stream_base::client);
    std::string text;
    for (int round = 0; round < 2; ++round) {
        asio::write(stream, asio::buffer(std::string_view("GET /_sandbox/time HTTP/1.1\r\nHost: x\r\n\r\n")));
        text.clear();
        asio::read_until(stream, asio::dynamic_buffer(text), "}\n");
        EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK")) << text;
    }

    Wire plain(*sandbox);  // speaks no TLS: refused, and others are served on
    plain.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(plain.read().find("HTTP"), std::string::npos);
}

TEST(Sandbox, StopsWhileConnectionsAreOpen) {
    auto sandbox = start();
    Wire idle(*sandbox), busy(*sandbox);
    idle.send("GET /_sandbox/time HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(idle.read(), "");
    busy.send("GET /_sandbox/time HTTP/1.1\r\nHost: x\r\n");  // half a request
    sandbox->stop();
    EXPECT_EQ(idle.last_error(), asio::error::eof);
    sandbox.reset();
}

TEST(Sandbox, StopDoesNotWaitForLateAnswers) {
    auto sandbox = start();
    sandbox->admin("POST", "faults", {{"kind", "delay"}, {"service", "sts"}, {"delay_ms", 3'600'000}});
    Wire late(*sandbox);
    late.send(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
        "114\r\n\r\nAction=AssumeRoleWithWebIdentity&RoleArn=arn:aws:"
        "iam::123456789012:role/x&RoleSessionName=xx&WebIdentityToken=abcd");
    while (sandbox->admin("GET", "books").at("calls").as_object().empty()) std::this_thread::yield();
    sandbox->stop();
    EXPECT_TRUE(late.read().starts_with("HTTP/1.1 400"));
    sandbox.reset();
}

TEST(Sandbox, AdminRefusesBrowsers) {
    auto sandbox = start();
    Wire wire(*sandbox);
    wire.send(
        "POST /_sandbox/reset HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nContent-Length: "
        "2\r\n\r\n{}");
    EXPECT_TRUE(wire.read().starts_with("HTTP/1.1 403"));
}

TEST(Sandbox, RunsOnTheCallersLoop) {
    asio::io_context io;
    auto made = Sandbox::start(SandboxOptions{}, io);
    ASSERT_TRUE(made);
    auto sandbox = std::move(made.value());
    EXPECT_EQ(sandbox->endpoint(), fmt::format("http://127.0.0.1:{}", sandbox->port()));
    sandbox->stop();
    io.run();
}

}  // namespace
}  // namespace polysync::sandbox
