#include "http/curl/curl_client.h"

#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/secret.h"
#include "http/curl/exchange.h"
#include "http/curl/poller.h"

namespace polysync::http {
namespace {

namespace asio = boost::asio;

using ExchangePtr = std::shared_ptr<Exchange>;

// What other threads hand to the curl thread. Outlives the client in the cancellation slots of coroutines
// that have not resumed yet.
struct Inbox {
    std::mutex mutex;
    std::vector<ExchangePtr> arrived;
    std::vector<ExchangePtr> cancelled;
    Poller* poller = nullptr;  // null when the client is gone
    bool sleeping = false;     // the curl thread waits, or is about to: it needs a wake-up call
    bool stopping = false;

    void wake() {  // with the mutex held
        if (!sleeping || poller == nullptr) return;
        sleeping = false;
        poller->wake();
    }
};

struct RequestCancellation {
    std::weak_ptr<Inbox> inbox;
    std::weak_ptr<Exchange> exchange;
    void operator()(asio::cancellation_type) const {
        auto box = inbox.lock();
        auto target = exchange.lock();
        if (!box || !target) return;
        std::lock_guard lock(box->mutex);
        box->cancelled.push_back(std::move(target));
        box->wake();
    }
};

// The requests of one host: those in flight are counted, the rest wait.
struct Host {
    std::size_t in_flight = 0;
    std::deque<ExchangePtr> waiting;
};

class CurlClient final : public HttpClient {
  public:
    CurlClient(CurlOptions options, CURLM* multi, CURLSH* share);
    ~CurlClient() override;
    Async<Result<Response>> send(Request request) override;
    [[nodiscard]] const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

  private:
    void run();
    bool take_arrivals();
    void admit(ExchangePtr exchange);
    void start(ExchangePtr exchange, Host& host);
    void cancel(const ExchangePtr& exchange);
    void collect();
    void release(const std::string& key);
    void finish(ExchangePtr exchange);
    void end_all();
    std::string key_of(const Exchange& exchange) const;

    const CurlOptions options_;
    CURLM* const multi_;
    CURLSH* const share_;
    const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
    // The rest belongs to the curl thread.
    std::vector<ExchangePtr> arrived_, cancelled_;
    Poller poller_;
    std::unordered_map<std::string, Host> hosts_;
    std::size_t waiting_ = 0;
    std::vector<std::unique_ptr<CurlHandle>> handles_;
    std::vector<CurlHandle*> idle_handles_;
    ResumeBatches resumes_;
    std::thread thread_;
};

CurlClient::CurlClient(CurlOptions options, CURLM* multi, CURLSH* share)
    : options_(std::move(options)), multi_(multi), share_(share), poller_(multi) {
    inbox_->poller = &poller_;
    thread_ = std::thread(&CurlClient::run, this);
}

CurlClient::~CurlClient() {
    {
        std::lock_guard lock(inbox_->mutex);
        inbox_->stopping = true;
        inbox_->wake();
    }
    thread_.join();
    {
        std::lock_guard lock(inbox_->mutex);
        inbox_->poller = nullptr;
    }
    handles_.clear();
    curl_multi_cleanup(multi_);
    curl_share_cleanup(share_);
}

struct Hand {  // the initiation of send()
    template <class Handler>
    void operator()(Handler handler, const std::shared_ptr<Inbox>& inbox, const ExchangePtr& exchange) const {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
            slot.template emplace<RequestCancellation>(RequestCancellation{inbox, exchange});
        exchange->continuation = make_continuation(std::move(handler));
        std::lock_guard lock(inbox->mutex);
        inbox->arrived.push_back(exchange);
        inbox->wake();
    }
};

Async<Result<Response>> CurlClient::send(Request request) {
    auto exchange = std::make_shared<Exchange>(std::move(request));
    if (auto problem = exchange->check()) co_return std::move(*problem);
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(Hand{}, asio::use_awaitable, inbox_,
                                                                         exchange);
    co_return std::move(*exchange->result);
}

void CurlClient::run() {
    while (take_arrivals()) {
        resumes_.flush();  // of the cancelled ones, before the wait
        bool may_wait = false;
        {
            std::lock_guard lock(inbox_->mutex);
            may_wait = inbox_->arrived.empty() && inbox_->cancelled.empty() && !inbox_->stopping;
            inbox_->sleeping = may_wait;
        }
        poller_.run_once(may_wait);
        collect();
        resumes_.flush();
    }
    end_all();
}

// False when the client ends.
bool CurlClient::take_arrivals() {
    {
        std::lock_guard lock(inbox_->mutex);
        inbox_->sleeping = false;
        arrived_.swap(inbox_->arrived);
        cancelled_.swap(inbox_->cancelled);
        if (inbox_->stopping) return false;
    }
    for (ExchangePtr& exchange : arrived_) admit(std::move(exchange));
    for (const ExchangePtr& exchange : cancelled_) cancel(exchange);
    arrived_.clear();
    cancelled_.clear();
    return true;
}

std::string CurlClient::key_of(const Exchange& exchange) const {
    std::string key(exchange.secure ? "s" : "p");
    return key.append(exchange.authority);
}

void CurlClient::admit(ExchangePtr exchange) {
    constexpr std::size_t max_remembered_hosts = 1024;
    if (hosts_.size() > max_remembered_hosts) {
        std::erase_if(hosts_, [](const auto& entry) {
            return entry.second.in_flight == 0 && entry.second.waiting.empty();
        });
    }
    Host& host = hosts_[key_of(*exchange)];
    if (host.in_flight < options_.max_connections_per_host) return start(std::move(exchange), host);
    if (waiting_ >= options_.max_waiting_requests) {
        exchange->fail(make_error(ErrorKind::transient, "connect_failed",
                                  fmt::format("Too many requests are waiting for {}", exchange->authority)));
        return finish(std::move(exchange));
    }
    ++waiting_;
    host.waiting.push_back(std::move(exchange));
}

void CurlClient::start(ExchangePtr exchange, Host& host) {
    auto waited = std::chrono::steady_clock::now() - exchange->handed_over;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(exchange->request.timeout - waited);
    if (left.count() <= 0) {
        exchange->fail(
            make_error(ErrorKind::transient, "connect_failed",
                       fmt::format("No connection to {} became free in time", exchange->authority)));
        return finish(std::move(exchange));
    }
    if (idle_handles_.empty()) {
        handles_.push_back(std::make_unique<CurlHandle>(options_, share_));
        if (handles_.back()->usable()) poller_.adopt(handles_.back()->easy());
        idle_handles_.push_back(handles_.back().get());
    }
    CurlHandle* handle = idle_handles_.back();
    // Waiting for a place is rare; without it the time-out stays the same number and is not set again.
    bool at_once = waited < std::chrono::milliseconds(50);
    auto timeout = at_once ? exchange->request.timeout : left;
    if (!handle->usable()) {
        exchange->fail(make_error(ErrorKind::transient, "connect_failed",
                                  "libcurl has no memory for another connection"));
        return finish(std::move(exchange));
    }
    idle_handles_.pop_back();
    exchange->handle = handle;
    exchange->state = Exchange::State::in_flight;
    ++host.in_flight;
    handle->begin(std::move(exchange), timeout);
    curl_multi_add_handle(multi_, handle->easy());
}

void CurlClient::cancel(const ExchangePtr& exchange) {
    if (exchange->state == Exchange::State::ended) return;
    exchange->fail(make_error(ErrorKind::cancelled, "cancelled", "The request was cancelled"));
    std::string key = key_of(*exchange);
    if (exchange->state == Exchange::State::waiting) {
        auto& waiting = hosts_[key].waiting;
        if (std::erase(waiting, exchange) > 0) --waiting_;
        return finish(exchange);
    }
    CurlHandle* handle = exchange->handle;
    curl_multi_remove_handle(multi_, handle->easy());
    finish(handle->abandon());
    idle_handles_.push_back(handle);
    release(key);
}

void CurlClient::collect() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode code = message->data.result;
        CURL* easy = message->easy_handle;
        CurlHandle* handle = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &handle);
        curl_multi_remove_handle(multi_, easy);
        ExchangePtr exchange = handle->end(code);
        idle_handles_.push_back(handle);
        std::string key = key_of(*exchange);
        finish(std::move(exchange));
        release(key);
    }
}

// One request of that host has ended: the next takes its place.
void CurlClient::release(const std::string& key) {
    Host& host = hosts_[key];
    --host.in_flight;
    while (!host.waiting.empty() && host.in_flight < options_.max_connections_per_host) {
        ExchangePtr next = std::move(host.waiting.front());
        host.waiting.pop_front();
        --waiting_;
        start(std::move(next), host);
    }
}

void CurlClient::finish(ExchangePtr exchange) {
    exchange->state = Exchange::State::ended;
    resumes_.add(std::move(exchange->continuation));
}

void CurlClient::end_all() {
    auto drop = [this](ExchangePtr exchange) {
        exchange->fail(make_error(ErrorKind::cancelled, "cancelled", "The HTTP client was shut down"));
        finish(std::move(exchange));
    };
    for (auto& handle : handles_) {
        if (!handle->exchange()) continue;
        curl_multi_remove_handle(multi_, handle->easy());
        drop(handle->abandon());
    }
    for (auto& [key, host] : hosts_) {
        for (ExchangePtr& exchange : host.waiting) drop(std::move(exchange));
    }
    for (ExchangePtr& exchange : arrived_) drop(std::move(exchange));
    hosts_.clear();
    arrived_.clear();
    cancelled_.clear();
    resumes_.flush();
}

}  // namespace

CurlOptions curl_options_from_environment(
    const std::function<std::optional<std::string>(std::string_view)>& get) {
    auto first = [&get](std::string_view lower, std::string_view upper) {
        auto value = get(lower);
        if (!value || value->empty()) value = get(upper);
        return value.value_or("");
    };
    CurlOptions options;
    options.ca_bundle = get("AWS_CA_BUNDLE").value_or("");
    options.https_proxy = first("https_proxy", "HTTPS_PROXY");
    options.http_proxy = first("http_proxy", "HTTP_PROXY");
    options.no_proxy = first("no_proxy", "NO_PROXY");
    for (std::string_view proxy :
         {std::string_view(options.https_proxy), std::string_view(options.http_proxy)}) {
        std::size_t scheme = proxy.find("://");
        std::string_view authority = proxy.substr(scheme == std::string_view::npos ? 0 : scheme + 3);
        std::size_t at = authority.rfind('@');
        if (at == std::string_view::npos) continue;
        std::string_view user = authority.substr(0, at);
        std::size_t colon = user.find(':');
        if (colon != std::string_view::npos) register_secret(user.substr(colon + 1));
    }
    return options;
}

Result<std::unique_ptr<HttpClient>> make_curl_client(CurlOptions options) {
    if (!options.ca_bundle.empty()) {
        std::error_code problem;
        auto status = std::filesystem::status(options.ca_bundle, problem);
        if (problem || !std::filesystem::exists(status)) {
            return make_error(
                ErrorKind::invalid_input, "tls_setup",
                fmt::format("The CA bundle {} cannot be read: {}", options.ca_bundle,
                            problem ? problem.message() : "no such file"),
                "AWS_CA_BUNDLE (or ca_bundle of the profile) must name a readable file of PEM certificates.");
        }
        if (std::filesystem::is_directory(status) && options.ca_bundle.back() != '/')
            options.ca_bundle += '/';
    }
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM* multi = global == CURLE_OK ? curl_multi_init() : nullptr;
    CURLSH* share = global == CURLE_OK ? curl_share_init() : nullptr;
    if (multi == nullptr || share == nullptr) {
        if (multi != nullptr) curl_multi_cleanup(multi);
        if (share != nullptr) curl_share_cleanup(share);
        return make_error(ErrorKind::internal, "tls_setup", "libcurl cannot be initialized");
    }
    // TLS sessions are shared, so a new connection to a known host needs only a resumed handshake.
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, long(CURLPIPE_NOTHING));
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, long(options.max_idle_connections));
    return std::unique_ptr<HttpClient>(std::make_unique<CurlClient>(std::move(options), multi, share));
}

}  // namespace polysync::http
