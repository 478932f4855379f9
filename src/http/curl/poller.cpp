#include "http/curl/poller.h"

#include <algorithm>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace polysync::http {
namespace {

constexpr int max_wait_ms = 60'000;
constexpr int events_a_turn = 64;

}  // namespace

Poller::Poller(CURLM* multi)
    : multi_(multi),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!usable()) return;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wakeup_;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Poller::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
}

// The multi handle, which calls back while it is cleaned up, has ended before.
Poller::~Poller() {
    if (epoll_ >= 0) ::close(epoll_);
    if (wakeup_ >= 0) ::close(wakeup_);
}

void Poller::adopt(CURL* easy) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Poller::on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Poller::on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

void Poller::wake() {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(wakeup_, &one, sizeof one);  // fails only when a wake-up is
                                                                         // pending already
}

Poller::Watch& Poller::watch(curl_socket_t socket) {
    if (std::size_t(socket) >= watches_.size()) watches_.resize(std::size_t(socket) + 64);
    return watches_[std::size_t(socket)];
}

curl_socket_t Poller::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (socket < 0) return CURL_SOCKET_BAD;
    static_cast<Poller*>(self)->watch(socket).opened_here = true;
    return socket;
}

// The number may come back as another socket; epoll forgets a closed one by itself.
int Poller::on_close(void* self, curl_socket_t socket) {
    static_cast<Poller*>(self)->watch(socket) = Watch();
    return ::close(socket);
}

int Poller::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    std::uint32_t events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
    static_cast<Poller*>(self)->set_interest(socket, events);
    return 0;
}

void Poller::set_interest(curl_socket_t socket, std::uint32_t events) {
    Watch& changed = watch(socket);
    changed.wanted = events;
    // A kept connection wants EPOLLIN again soon: leave it registered instead of two system calls a request.
    if (events == 0 && changed.opened_here && changed.registered == EPOLLIN) return;
    if (events != changed.registered) register_events(socket, changed, events);
    if (events == 0) changed = Watch();  // perhaps not one of ours, and closed unseen
}

void Poller::register_events(curl_socket_t socket, Watch& watch, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = socket;
    int operation = events == 0 ? EPOLL_CTL_DEL : watch.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    ::epoll_ctl(epoll_, operation, socket, &event);
    watch.registered = events;
}

void Poller::run_once(bool may_wait) {
    long due_ms = 0;  // asked for every time: the timer callback is not repeated for a time that has been
                      // told once
    curl_multi_timeout(multi_, &due_ms);
    int running = 0;
    if (due_ms == 0) {
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
        return;
    }
    epoll_event events[events_a_turn];
    int wait_ms = !may_wait ? 0 : due_ms < 0 ? max_wait_ms : int(std::min<long>(due_ms, max_wait_ms));
    int count = ::epoll_wait(epoll_, events, events_a_turn, wait_ms);
    for (int i = 0; i < count; ++i) {
        int socket = events[i].data.fd;
        if (socket == wakeup_) {
            std::uint64_t wakeups = 0;
            [[maybe_unused]] auto got = ::read(wakeup_, &wakeups, sizeof wakeups);
            continue;
        }
        Watch& ready = watch(socket);
        if (ready.wanted == 0) {  // an idle connection that the server closed; libcurl sees it when it looks
                                  // for one
            if (ready.registered != 0) register_events(socket, ready, 0);
            continue;
        }
        int bits = 0;
        if ((events[i].events & (EPOLLIN | EPOLLHUP)) != 0) bits |= CURL_CSELECT_IN;
        if ((events[i].events & EPOLLOUT) != 0) bits |= CURL_CSELECT_OUT;
        if ((events[i].events & EPOLLERR) != 0) bits |= CURL_CSELECT_ERR;
        curl_multi_socket_action(multi_, socket, bits, &running);
    }
}

}  // namespace polysync::http
