// Waits for the sockets of a libcurl multi handle with epoll, and tells libcurl only about those that are
// ready. (curl_multi_poll and curl_multi_perform ask the kernel about every socket at every turn: with 64
// requests in flight that answer one by one, six times the CPU time.)
#pragma once

#include <cstdint>
#include <vector>

#include <curl/curl.h>

namespace polysync::http {

// Curl thread only, but for wake(). Lives as long as its multi handle has transfers.
class Poller {
  public:
    explicit Poller(CURLM* multi);
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    [[nodiscard]] bool usable() const { return epoll_ >= 0 && wakeup_ >= 0; }
    // Sockets of that handle are opened by this poller.
    void adopt(CURL* easy);
    // Lets libcurl do what is due, waits (when `may_wait`) until something happens or wake() is called, and
    // lets libcurl handle what happened.
    void run_once(bool may_wait);
    // Ends a wait, or the next one. Any thread.
    void wake();

  private:
    // What epoll knows of a file descriptor (its number is the index), and what libcurl wants of it.
    struct Watch {
        std::uint32_t wanted = 0;
        std::uint32_t registered = 0;
        bool opened_here = false;  // no older socket of that number can still be registered
    };

    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
    static int on_close(void* self, curl_socket_t socket);
    Watch& watch(curl_socket_t socket);
    void set_interest(curl_socket_t socket, std::uint32_t events);
    void register_events(curl_socket_t socket, Watch& watch, std::uint32_t events);

    CURLM* const multi_;
    int epoll_ = -1;
    int wakeup_ = -1;
    std::vector<Watch> watches_;
};

}  // namespace polysync::http
