// `polysync sandbox`: the AWS services that Polysync talks to, simulated on one local port (docs/sandbox.md).
//
//     SandboxOptions options;                      // port 0: a free one
//     auto sandbox = Sandbox::start(options);      // runs on a thread of its own until it is destroyed
//     use(sandbox.value()->endpoint());            // "http://127.0.0.1:40123"
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "sandbox/settings.h"

namespace polysync::sandbox {

struct SandboxOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;     // 0: a free one
    bool allow_remote = false;  // without it only loopback addresses are taken: the admin endpoint asks for
                                // no password
    std::string tls_certificate_file, tls_key_file;  // PEM; both or neither
    Settings settings;
    bool enforce_quotas = false;
    std::uint64_t seed = 0;  // of ids and tokens; 0: a random one
    Clock* clock = nullptr;  // null: the machine's
};

class Sandbox {
  public:
    // Listens and serves on a thread of its own. Fails with invalid_input (address, certificate) or transient
    // (port taken).
    [[nodiscard]] static Result<std::unique_ptr<Sandbox>> start(const SandboxOptions& options);
    // The same on the caller's io_context, which one thread runs; destroy it there or after that has stopped.
    [[nodiscard]] static Result<std::unique_ptr<Sandbox>> start(const SandboxOptions& options,
                                                                boost::asio::io_context& io);
    // Stops and, with a thread of its own, waits for it.
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    // "http://127.0.0.1:4570", or https with a certificate.
    [[nodiscard]] std::string endpoint() const;
    // Accepts no more; answers under way are still sent. From any thread.
    void stop();

    // The admin endpoint without HTTP: admin("POST", "faults", {…}). From any thread; waits for the I/O
    // thread, so a sandbox on the caller's io_context must be asked from its thread. The answer of a refusal
    // holds "error".
    boost::json::object admin(std::string_view method, std::string_view path,
                              const boost::json::object& document = {});

  private:
    class Impl;
    explicit Sandbox(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace polysync::sandbox
