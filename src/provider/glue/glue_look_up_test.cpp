// What became of a start whose answer was lost: how far back Glue's list is read (SAFE-1).
#include <gtest/gtest.h>

#include "base/random.h"
#include "provider/glue/glue_names.h"
#include "provider/glue/glue_provider.h"
#include "provider/scripted_connection.h"
#include "test/support/run_async.h"

namespace polysync::glue {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr SystemTime called_at{Millis(1'780'000'000'000)};
const std::string token = "0b3d2d44-af4e-4616-b1e8-8c4174bfd8bc";

class GlueLookUp : public testing::Test {
  protected:
    // Two pages: the newer run is another one's, the older one has the token.
    Result<std::string> answer(std::string_view operation, const json::object& input) {
        if (operation != "GetJobRuns") return make_error(ErrorKind::not_found, "EntityNotFoundException", "");
        bool is_first = !input.contains("NextToken");
        auto started = is_first ? newer : ours;
        json::object run{{"Id", is_first ? "jr_2" : "jr_1"},
                         {"JobName", "etl"},
                         {"JobRunState", "RUNNING"},
                         {"StartedOn", double(started.time_since_epoch().count()) / 1000}};
        if (!is_first) run["Arguments"] = json::object{{std::string(run_token_argument), token}};
        json::object page{{"JobRuns", json::array{run}}};
        if (is_first) page["NextToken"] = "more";
        return json::serialize(page);
    }
    FindResult look_up() {
        GlueProvider provider({.connection = connection, .clock = &clock, .random = &random});
        SubmissionIntent intent;
        intent.external_id = "etl";
        intent.token = SubmissionToken(token);
        auto found = test::run_async(provider.find_submission(intent, called_at));
        EXPECT_TRUE(found);
        return found ? found.value().result : FindResult::unknowable;
    }

    SystemTime newer = called_at + 1min, ours = called_at + 1s;
    ManualClock clock{called_at + 2min};
    SeededRandom random{1};
    std::shared_ptr<test::ScriptedConnection> connection = std::make_shared<test::ScriptedConnection>(
        [this](std::string_view operation, const json::object& input) { return answer(operation, input); });
};

TEST_F(GlueLookUp, GoesByTheClockOfAws) {
    EXPECT_EQ(look_up(), FindResult::found);
    // What started after the call has an earlier time there than the call has here.
    connection->offset = -2h;
    newer -= 2h;
    ours -= 2h;
    EXPECT_EQ(look_up(), FindResult::found);
}

TEST_F(GlueLookUp, EndsAnHourBeforeTheCall) {
    newer = called_at - 59min;
    EXPECT_EQ(look_up(), FindResult::found);
    newer = called_at - 61min;
    EXPECT_EQ(look_up(), FindResult::not_yet);
}

}  // namespace
}  // namespace polysync::glue
