// A relay between a Unix socket of its own and another one, which loses what it is told to lose.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace polysync::test {

class LossyRelay {
  public:
    // Listens at `path`; each connection is one to `target`.
    LossyRelay(const std::string& path, std::string target);
    ~LossyRelay();
    LossyRelay(const LossyRelay&) = delete;
    LossyRelay& operator=(const LossyRelay&) = delete;

    enum class Loss {
        none,
        request,  // the next thing that a client says gets lost with its connection
        answer,   // it arrives, and the connection is lost instead of the answer
    };
    // For the next connection that says something; it goes back to none by itself.
    void lose(Loss loss) { loss_ = loss; }

  private:
    void accept_all();
    void relay(int client);

    std::string target_;
    int listener_ = -1;
    std::atomic<Loss> loss_{Loss::none};
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

}  // namespace polysync::test
