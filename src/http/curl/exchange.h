// One request on its way, and the libcurl handle that carries it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#include "base/resume.h"
#include "http/http_client.h"

namespace polysync::http {

// Shared by the waiting coroutine and the curl thread. Everything but `result` belongs to the curl thread
// from hand-over until the continuation is posted; then all of it is the coroutine's again.
struct Exchange {
    explicit Exchange(Request&& from);

    Request request;
    std::string_view authority;  // "host:port" of request.url, as written
    bool secure = false;         // https
    std::chrono::steady_clock::time_point handed_over;
    std::optional<Result<Response>> result;
    std::unique_ptr<Continuation> continuation;
    enum class State { waiting, in_flight, ended } state = State::waiting;
    class CurlHandle* handle = nullptr;  // while in flight

    // Empty where the request can be sent: the URL is absolute http(s), and nothing holds a line break.
    [[nodiscard]] std::optional<Error> check() const;
    void fail(Error error);
};

// A libcurl easy handle with its buffers, used again and again. Curl thread only.
class CurlHandle {
  public:
    explicit CurlHandle(const struct CurlOptions& options, CURLSH* share);
    ~CurlHandle();
    CurlHandle(const CurlHandle&) = delete;
    CurlHandle& operator=(const CurlHandle&) = delete;

    [[nodiscard]] bool usable() const { return easy_ != nullptr; }
    [[nodiscard]] CURL* easy() const { return easy_; }
    [[nodiscard]] const std::shared_ptr<Exchange>& exchange() const { return exchange_; }
    // Makes the handle ready to be added to the multi handle.
    void begin(std::shared_ptr<Exchange> exchange, std::chrono::milliseconds timeout);
    // Fills in the exchange's result after libcurl ended it with `code`, and lets go of it.
    std::shared_ptr<Exchange> end(CURLcode code);
    // Lets go of the exchange, whose transfer has been removed from the multi handle.
    std::shared_ptr<Exchange> abandon();

  private:
    static int on_prereq(void* self, char*, char*, int, int);
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
    void set_up(const CurlOptions& options, CURLSH* share);
    void set_method();
    void set_headers();
    void set_proxy();
    bool take_header(std::string_view line);

    const CurlOptions& options_;
    CURL* easy_;
    std::shared_ptr<Exchange> exchange_;
    Response response_;
    std::string header_text_;  // the lines of header_nodes_, each ended by NUL
    std::vector<std::size_t> header_starts_;
    std::vector<curl_slist> header_nodes_;
    long connect_timeout_ms_ = -1, timeout_ms_ = -1;
    int proxy_kind_ = -1;  // what set_proxy last set
    std::size_t header_bytes_ = 0;
    bool sent_ = false;
    bool too_large_ = false;
    char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace polysync::http
