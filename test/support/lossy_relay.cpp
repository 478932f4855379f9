#include "test/support/lossy_relay.h"

#include <array>
#include <cstring>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace polysync::test {
namespace {

constexpr int slice_ms = 50;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the socket's path is too long");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

bool send_all(int to, const char* data, std::size_t size) {
    while (size > 0) {
        auto sent = ::send(to, data, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        data += sent;
        size -= std::size_t(sent);
    }
    return true;
}

}  // namespace

LossyRelay::LossyRelay(const std::string& path, std::string target) : target_(std::move(target)) {
    auto address = address_of(path);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 16) != 0)
        throw std::runtime_error("the relay cannot listen");
    acceptor_ = std::thread([this] { accept_all(); });
}

LossyRelay::~LossyRelay() {
    stopping_ = true;
    acceptor_.join();
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
}

void LossyRelay::accept_all() {
    while (!stopping_) {
        pollfd waiting{.fd = listener_, .events = POLLIN};
        if (::poll(&waiting, 1, slice_ms) <= 0) continue;
        int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) threads_.emplace_back([this, client] { relay(client); });
    }
}

void LossyRelay::relay(int client) {
    auto address = address_of(target_);
    int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool open = ::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    bool loses_answer = false;
    std::array<char, 65536> buffer;
    while (open && !stopping_) {
        std::array<pollfd, 2> waiting{{{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}}};
        if (::poll(waiting.data(), 2, slice_ms) <= 0) continue;
        if (waiting[0].revents) {
            auto size = ::recv(client, buffer.data(), buffer.size(), 0);
            auto loss = size > 0 ? loss_.exchange(Loss::none) : Loss::none;
            loses_answer |= loss == Loss::answer;
            open = size > 0 && loss != Loss::request && send_all(server, buffer.data(), std::size_t(size));
        }
        if (open && waiting[1].revents) {
            auto size = ::recv(server, buffer.data(), buffer.size(), 0);
            open = size > 0 && !loses_answer && send_all(client, buffer.data(), std::size_t(size));
        }
    }
    ::close(client);
    ::close(server);
}

}  // namespace polysync::test
