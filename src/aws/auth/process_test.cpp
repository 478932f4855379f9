#include "aws/auth/process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "test/support/run_async.h"

namespace polysync::aws {
namespace {

using polysync::test::run_async;

Result<ProcessResult> run(std::vector<std::string> argv, ProcessLimits limits = {}) {
    return run_async(system_processes().run(std::move(argv), limits));
}

TEST(Process, OutputErrorsAndExitCode) {
    auto result = run({"sh", "-c", "echo \"$0 $1\"; echo trouble >&2; cat; exit 3", "a b", "$HOME"});
    ASSERT_TRUE(result) << result.error().describe();
    EXPECT_EQ(result.value().output, "a b $HOME\n");  // no shell looks at the arguments, and there is no
                                                      // input
    EXPECT_EQ(result.value().error_output, "trouble\n");
    EXPECT_EQ(result.value().exit_code, 3);
    EXPECT_EQ(run({"sh", "-c", "kill -9 $$"}).value().exit_code, 137);
}

TEST(Process, Limits) {
    auto missing = run({"/nonexistent/program"});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::invalid_input);
    ProcessLimits limits;
    limits.max_output_bytes = 1000;
    limits.max_error_bytes = 10;
    auto endless = run({"sh", "-c", "while :; do echo xxxxxxxxxxxxxxxxxxxx; done"}, limits);
    ASSERT_FALSE(endless);
    EXPECT_EQ(endless.error().code, "process_output_too_large");
    auto talkative =
        run({"sh", "-c", "i=0; while [ $i -lt 500 ]; do echo yyyyyyyyyyyyyyyyyyyy >&2; i=$((i+1)); done"},
            limits);
    ASSERT_TRUE(talkative);
    EXPECT_LE(talkative.value().error_output.size(), 10u);
    limits.timeout = std::chrono::milliseconds(50);
    for (const char* script : {"sleep 600", "exec >&- 2>&-; sleep 600"}) {
        auto slow = run({"sh", "-c", script}, limits);
        ASSERT_FALSE(slow);
        EXPECT_EQ(slow.error().kind, ErrorKind::transient);
        EXPECT_EQ(slow.error().code, "process_timed_out");
    }
}

Async<void> run_and_note(std::vector<std::string> argv, std::thread::id& resumed_on) {
    try {
        (void)co_await system_processes().run(std::move(argv), {});
    } catch (const boost::system::system_error&) {
    }
    resumed_on = std::this_thread::get_id();
}

TEST(Process, CancellationComesHomeFirst) {
    std::string pipe = testing::TempDir() + "polysync_process_" + std::to_string(::getpid());
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    boost::asio::io_context io;
    boost::asio::cancellation_signal stop;
    std::thread::id resumed_on;
    boost::asio::co_spawn(io, run_and_note({"cat", pipe}, resumed_on),
                          boost::asio::bind_cancellation_slot(stop.slot(), boost::asio::detached));
    boost::asio::post(io, [&] {
        stop.emit(boost::asio::cancellation_type::terminal);
        int writer = ::open(pipe.c_str(), O_WRONLY);  // once cat reads; it ends when this is closed
        ::close(writer);
    });
    io.run();
    ::unlink(pipe.c_str());
    EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

TEST(CommandLine, SplitAsAShellWould) {
    using Words = std::vector<std::string>;
    struct Case {
        const char* line;
        Words words;
    };
    for (const Case& given :
         {Case{"a", {"a"}}, Case{"  a\tb \n c ", {"a", "b", "c"}}, Case{"'a b' \"c d\"", {"a b", "c d"}},
          Case{"a'b'\"c\"d", {"abcd"}}, Case{"a\\ b \\'c", {"a b", "'c"}}, Case{"''", {""}},
          Case{"a \"\"", {"a", ""}}, Case{"'\\n' \"\\n\" \"\\\"\" \"\\\\\"", {"\\n", "\\n", "\"", "\\"}},
          Case{"$HOME `x` *", {"$HOME", "`x`", "*"}}, Case{"a\\", {"a\\"}}}) {
        auto words = split_command_line(given.line);
        ASSERT_TRUE(words) << given.line;
        EXPECT_EQ(words.value(), given.words) << given.line;
    }
    for (const char* line : {"", "  \n", "'a", "a\"b"}) EXPECT_FALSE(split_command_line(line)) << line;
}

}  // namespace
}  // namespace polysync::aws
