// Result<T>: a value or an Error. `value()` of an error, or `error()` of a value, ends the program: it is a
// bug.
//
//     Result<Job> job = read_job(text);
//     if (!job) return job.error();
//     POLYSYNC_TRY(auto job, read_job(text));          // in a function that returns a Result
//     POLYSYNC_CO_TRY(auto job, co_await fetch(name)); // in a coroutine that returns a Result
#pragma once

#include <boost/outcome/result.hpp>
#include <boost/outcome/success_failure.hpp>
#include <boost/outcome/try.hpp>

#include "base/error.h"

namespace polysync {

template <class T>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::terminate>;

using Status = Result<void>;

inline auto success() { return boost::outcome_v2::success(); }

}  // namespace polysync

#define POLYSYNC_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
#define POLYSYNC_CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
