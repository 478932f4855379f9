#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/render.h"

namespace polysync::cli {
namespace {

std::string describe_parameters(const Job& job) {
    std::string out;
    for (const auto& parameter : job.parameters) {
        out += fmt::format("{}{}:{}", out.empty() ? "" : ", ", parameter.name, to_string(parameter.type));
        if (parameter.default_value) out += "=" + *parameter.default_value;
        if (parameter.required) out += " (required)";
    }
    return out;
}

// Bytes of UTF-8 are not columns; continuation bytes take none.
std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (char c : text) columns += (c & 0xC0) != 0x80 ? 1 : 0;
    return columns;
}

std::string padded(const std::string& text, std::size_t width) {
    std::size_t columns = columns_of(text);
    return columns < width ? text + std::string(width - columns, ' ') : text;
}

// Pages go out as they come, so the widths are those of the page.
class JobTable {
  public:
    explicit JobTable(Output& output) : output_(output) {}

    void add(const std::vector<Job>& jobs) {
        std::size_t ids = 11, names = 4;
        bool named = false;
        for (const auto& job : jobs) {
            ids = std::min<std::size_t>(std::max(ids, columns_of(job.external_id)), 100);
            names = std::min<std::size_t>(std::max(names, columns_of(job.name)), 60);
            named = named || job.name != job.external_id;
        }
        if (!headed_) {
            std::string head =
                padded("EXTERNAL ID", ids) + (named ? "  " + padded("NAME", names) : "") + "  PARAMETERS";
            output_.result(output_.paint(Colour::bold, head));
            headed_ = true;
        }
        for (const auto& job : jobs) {
            std::string line = padded(printable(job.external_id), ids);
            if (named) line += "  " + padded(printable(job.name), names);
            line += "  " + printable(describe_parameters(job));
            output_.result(line.substr(0, line.find_last_not_of(' ') + 1));
        }
    }

  private:
    Output& output_;
    bool headed_ = false;
};

// "[" … "]" with one job per line.
class JobArray {
  public:
    explicit JobArray(Output& output) : output_(output) {}

    void add(const std::vector<Job>& jobs) {
        std::string text;
        for (const auto& job : jobs) {
            text += open_ ? ",\n" : "[";
            open_ = true;
            text += boost::json::serialize(to_json(job));
        }
        if (!text.empty()) output_.raw_result(text);
    }
    void close() { output_.raw_result(open_ ? "]\n" : "[]\n"); }
    [[nodiscard]] bool open() const { return open_; }

  private:
    Output& output_;
    bool open_ = false;
};

}  // namespace

Async<int> discover_jobs(Context& context, DiscoverCommand command) {
    Connected connected = connect(context, command.platform);
    if (!connected.provider) co_return connected.exit_code;
    Output& output = context.output;
    JobTable table(output);
    JobArray array(output);
    std::size_t count = 0;
    std::string next;
    do {
        auto page = co_await connected.provider->discover(next);
        if (!page) {
            if (!array.open()) co_return report(context, *connected.provider, page.error());
            // The array is begun: it is closed, so that stdout stays JSON, and the error goes to stderr.
            array.close();
            Output words(output.console(), false);
            Error error = connected.provider->diagnose(page.error());
            words.error(error);
            co_return exit_code_of(error);
        }
        for (const auto& warning : page.value().warnings) output.warn(warning);
        count += page.value().jobs.size();
        if (output.json()) {
            array.add(page.value().jobs);
        } else if (!page.value().jobs.empty()) {
            table.add(page.value().jobs);
        }
        next = std::move(page.value().next);
        if (!next.empty()) output.live(fmt::format("{} jobs …", count));
    } while (!next.empty());
    if (output.json()) array.close();
    if (count == 0)
        output.note(
            fmt::format("{} has no jobs in {}", command.platform, connected.provider->platform().region));
    co_return exit_success;
}

}  // namespace polysync::cli
