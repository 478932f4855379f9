// One page of a list call, and the guard of loops over pages.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"

namespace polysync::aws {

template <class T>
struct Page {
    std::vector<T> items;    // may be empty in the middle of a list
    std::string next_token;  // opaque; empty at the end
};

// Remembers the tokens of one loop, so that a service which hands out a token twice, or never ends, ends the
// loop with an error (ErrorKind::internal, "repeated_page_token" or "too_many_pages") instead of running for
// ever.
//
//     PageGuard guard("glue", "ListJobs");
//     std::string token;
//     do {
//         POLYSYNC_CO_TRY(auto page, co_await client.list_jobs(token));
//         …
//         POLYSYNC_CO_TRY(token, guard.next(std::move(page.next_token)));
//     } while (!token.empty());
class PageGuard {
  public:
    PageGuard(std::string service, std::string operation, std::size_t max_pages = 100000)
        : service_(std::move(service)), operation_(std::move(operation)), max_pages_(max_pages) {}
    // The token itself, empty at the end.
    [[nodiscard]] Result<std::string> next(std::string token);

  private:
    std::string service_, operation_;
    std::size_t max_pages_;
    std::unordered_set<std::string> seen_;
};

}  // namespace polysync::aws
