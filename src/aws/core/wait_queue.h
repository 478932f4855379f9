// Who waits for a permit, and who is next: by priority, then the callers in turn, then by arrival.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <list>
#include <string>
#include <string_view>

#include "aws/core/operation.h"

namespace polysync::aws {

// Intrusive in spirit: holds pointers to waiters that their owners remove before they die.
template <class Waiter>
class WaitQueue {
  public:
    void push(Waiter* waiter, Priority priority, std::string_view caller) {
        auto& turns = by_priority_[std::size_t(priority)];
        for (auto& turn : turns) {
            if (turn.caller != caller) continue;
            turn.waiters.push_back(waiter);
            ++size_;
            return;
        }
        turns.push_back({std::string(caller), {waiter}});
        ++size_;
    }

    [[nodiscard]] Waiter* front() const {
        for (auto& turns : by_priority_)
            if (!turns.empty()) return turns.front().waiters.front();
        return nullptr;
    }

    // The front waiter got its permit: its caller goes to the end of its priority's round.
    void pop_served() {
        for (auto& turns : by_priority_) {
            if (turns.empty()) continue;
            turns.front().waiters.pop_front();
            if (turns.front().waiters.empty())
                turns.pop_front();
            else
                turns.splice(turns.end(), turns, turns.begin());
            --size_;
            return;
        }
    }

    // A waiter gave up.
    void remove(Waiter* waiter) {
        for (auto& turns : by_priority_) {
            for (auto turn = turns.begin(); turn != turns.end(); ++turn) {
                for (auto it = turn->waiters.begin(); it != turn->waiters.end(); ++it) {
                    if (*it != waiter) continue;
                    turn->waiters.erase(it);
                    if (turn->waiters.empty()) turns.erase(turn);
                    --size_;
                    return;
                }
            }
        }
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

  private:
    struct Turn {
        std::string caller;
        std::deque<Waiter*> waiters;
    };
    std::array<std::list<Turn>, 3> by_priority_;
    std::size_t size_ = 0;
};

}  // namespace polysync::aws
