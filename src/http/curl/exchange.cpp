#include "http/curl/exchange.h"

#include <charconv>

#include <fmt/format.h>

#include "http/curl/curl_client.h"
#include "http/curl/failure.h"

namespace polysync::http {
namespace {

constexpr std::size_t padding = 64;  // spare capacity behind a body, for simdjson
constexpr std::size_t max_header_bytes = 128 * 1024;
constexpr std::size_t max_first_reserve = 1024 * 1024;  // Content-Length is the server's claim

bool has_line_break(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool is_name(std::string_view name, std::string_view lower) {
    if (name.size() != lower.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if ((name[i] >= 'A' && name[i] <= 'Z' ? char(name[i] + 32) : name[i]) != lower[i]) return false;
    }
    return true;
}

}  // namespace

Exchange::Exchange(Request&& from) : request(std::move(from)), handed_over(std::chrono::steady_clock::now()) {
    std::string_view url = request.url;
    std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return;
    secure = is_name(url.substr(0, scheme), "https");
    std::string_view rest = url.substr(scheme + 3);
    authority = rest.substr(0, rest.find_first_of("/?#"));
    authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
}

std::optional<Error> Exchange::check() const {
    std::string_view url = request.url;
    bool http = url.size() > 7 && is_name(url.substr(0, 7), "http://");
    if (authority.empty() || (!http && !(url.size() > 8 && is_name(url.substr(0, 8), "https://")))) {
        return make_error(ErrorKind::invalid_input, "bad_url",
                          "The URL is not an absolute http:// or https:// URL",
                          "Give an absolute http:// or https:// URL.");
    }
    bool broken = has_line_break(url) || has_line_break(request.method) || request.method.empty();
    for (const Header& header : request.headers) {
        broken = broken || header.name.empty() || has_line_break(header.name) ||
                 has_line_break(header.value) || header.name.find(':') != std::string::npos;
    }
    if (broken) {
        return make_error(ErrorKind::invalid_input, "bad_url",
                          "The URL or a header holds a line break or is empty");
    }
    return std::nullopt;
}

void Exchange::fail(Error error) { result.emplace(std::move(error)); }

CurlHandle::CurlHandle(const CurlOptions& options, CURLSH* share)
    : options_(options), easy_(curl_easy_init()) {
    if (easy_ != nullptr) set_up(options, share);
}

CurlHandle::~CurlHandle() {
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
}

void CurlHandle::set_up(const CurlOptions& options, CURLSH* share) {
    curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
    curl_easy_setopt(easy_, CURLOPT_SHARE, share);
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, long(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy_, CURLOPT_SSLVERSION, long(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, long(options.max_idle_age.count()));
    curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
    long keepalive_s = std::max(1L, long(options.tcp_keepalive.count() / 1000));
    curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, keepalive_s);
    curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, keepalive_s);
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlHandle::on_header);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlHandle::on_body);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &CurlHandle::on_prereq);
    curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
    if (!options.ca_bundle.empty()) {
        // The bundle replaces the system's store, which libcurl would otherwise go on trusting beside it.
        bool directory = options.ca_bundle.back() == '/';
        curl_easy_setopt(easy_, CURLOPT_CAINFO, directory ? nullptr : options.ca_bundle.c_str());
        curl_easy_setopt(easy_, CURLOPT_CAPATH, directory ? options.ca_bundle.c_str() : nullptr);
    }
}

void CurlHandle::begin(std::shared_ptr<Exchange> exchange, std::chrono::milliseconds timeout) {
    exchange_ = std::move(exchange);
    response_ = Response();
    response_.headers.reserve(12);
    sent_ = too_large_ = false;
    header_bytes_ = 0;
    error_[0] = '\0';
    curl_easy_setopt(easy_, CURLOPT_URL, exchange_->request.url.c_str());
    set_method();
    set_headers();
    set_proxy();
    long total_ms = std::max(1L, long(timeout.count()));
    long connect_ms = std::max(1L, long(exchange_->request.connect_timeout.count()));
    if (total_ms != timeout_ms_) curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, timeout_ms_ = total_ms);
    if (connect_ms != connect_timeout_ms_) {
        curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms_ = connect_ms);
    }
}

void CurlHandle::set_method() {
    const Request& request = exchange_->request;
    bool head = request.method == "HEAD";
    bool post = !head && (!request.body.empty() || request.method == "POST" || request.method == "PUT");
    curl_easy_setopt(easy_, CURLOPT_NOBODY, head ? 1L : 0L);
    if (post) {
        curl_easy_setopt(easy_, CURLOPT_POST, 1L);
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.size()));
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.c_str());
    } else if (!head) {
        curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    }
    bool usual = head || request.method == (post ? "POST" : "GET");
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, usual ? nullptr : request.method.c_str());
}

// libcurl only reads the list that it is given, so the nodes and texts live in buffers that are used again.
void CurlHandle::set_headers() {
    bool accept = false, content_type = false;
    header_text_.clear();
    header_starts_.clear();
    auto line = [this](std::string_view name, std::string_view separator, std::string_view value) {
        header_starts_.push_back(header_text_.size());
        header_text_.append(name).append(separator).append(value).push_back('\0');
    };
    for (const Header& header : exchange_->request.headers) {
        if (is_name(header.name, "content-length")) continue;  // libcurl's own, from the body
        accept = accept || is_name(header.name, "accept");
        content_type = content_type || is_name(header.name, "content-type");
        line(header.name, header.value.empty() ? ";" : ": ", header.value);
    }
    line("Expect", ":", "");  // a name alone switches libcurl's own header off
    if (!accept) line("Accept", ":", "");
    if (!content_type) line("Content-Type", ":", "");
    header_nodes_.resize(header_starts_.size());
    for (std::size_t i = 0; i < header_starts_.size(); ++i) {
        header_nodes_[i].data = header_text_.data() + header_starts_[i];
        header_nodes_[i].next = i + 1 < header_starts_.size() ? &header_nodes_[i + 1] : nullptr;
    }
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_nodes_.data());
}

void CurlHandle::set_proxy() {
    int kind = !exchange_->request.use_proxy ? 0 : exchange_->secure ? 1 : 2;
    if (kind == proxy_kind_) return;
    proxy_kind_ = kind;
    // An empty text, unlike a null pointer, keeps libcurl from looking at the environment itself.
    const std::string none;
    const std::string& proxy = kind == 0 ? none : kind == 1 ? options_.https_proxy : options_.http_proxy;
    curl_easy_setopt(easy_, CURLOPT_PROXY, proxy.c_str());
    curl_easy_setopt(easy_, CURLOPT_NOPROXY, options_.no_proxy.c_str());
}

// Called when the connection stands and the request is about to be sent. libcurl repeats a request by itself
// when a connection that it used again turns out dead; what may have been received once must not be sent
// again (SAFE-1).
int CurlHandle::on_prereq(void* self, char*, char*, int, int) {
    auto& handle = *static_cast<CurlHandle*>(self);
    if (handle.sent_) return CURL_PREREQFUNC_ABORT;
    handle.sent_ = true;
    return CURL_PREREQFUNC_OK;
}

bool CurlHandle::take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > max_header_bytes) return false;
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
        line.remove_suffix(1);
    if (line.substr(0, 5) == "HTTP/") {  // a status line; after "100 Continue" there is another one
        response_.headers.clear();
        return true;
    }
    std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    std::string_view name = line.substr(0, colon);
    if (is_name(name, "content-length")) {
        std::uint64_t length = 0;
        auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), length);
        if (status == std::errc() && exchange_->request.method != "HEAD") {
            if (length > exchange_->request.max_body_bytes) return false;
            response_.body.reserve(std::min(std::size_t(length), max_first_reserve) + padding);
        }
    }
    response_.headers.push_back({std::string(name), std::string(value)});
    return true;
}

std::size_t CurlHandle::on_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& handle = *static_cast<CurlHandle*>(self);
    if (handle.take_header({data, size * count})) return size * count;
    handle.too_large_ = true;
    return 0;
}

std::size_t CurlHandle::on_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& handle = *static_cast<CurlHandle*>(self);
    std::size_t bytes = size * count;
    if (const auto& on_data = handle.exchange_->request.on_data) {
        long status = 0;
        curl_easy_getinfo(handle.easy_, CURLINFO_RESPONSE_CODE, &status);
        if (status / 100 == 2) {
            on_data({data, bytes});
            return bytes;
        }
    }
    std::string& body = handle.response_.body;
    if (bytes > handle.exchange_->request.max_body_bytes - body.size()) {
        handle.too_large_ = true;
        return 0;
    }
    body.append(data, bytes);
    return bytes;
}

std::shared_ptr<Exchange> CurlHandle::end(CURLcode code) {
    if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
        response_.status = int(status);
        if (response_.body.capacity() - response_.body.size() < padding) {
            response_.body.reserve(response_.body.size() + padding);
        }
        exchange_->result.emplace(std::move(response_));
        return abandon();
    }
    FailedExchange failed;
    failed.code = code;
    failed.sent = sent_;
    failed.too_large = too_large_;
    failed.authority = exchange_->authority;
    failed.detail =
        code == CURLE_ABORTED_BY_CALLBACK && sent_ ? "closed by the other side before it answered" : error_;
    curl_easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &failed.proxy_status);
    failed.proxied =
        proxy_kind_ == 1 ? !options_.https_proxy.empty() : proxy_kind_ == 2 && !options_.http_proxy.empty();
    if (failed.proxy_status / 100 == 2) failed.proxy_status = 0;
    exchange_->fail(classify(failed));
    return abandon();
}

std::shared_ptr<Exchange> CurlHandle::abandon() {
    exchange_->handle = nullptr;
    return std::move(exchange_);
}

}  // namespace polysync::http
