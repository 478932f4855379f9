#include "provider/sagemaker/step_log.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace polysync::sagemaker {

namespace {

// FNV-1a: stable over versions, since cursors outlive the program.
std::uint32_t fingerprint(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (unsigned char c : text) hash = (hash ^ c) * 16777619U;
    return hash;
}

std::string what_it_is(const aws::sagemaker::Step& step) {
    std::string out = step.type.empty() ? "step" : step.type;
    if (!step.resource.empty()) out += " " + step.resource;
    if (step.attempt_count.value_or(0) > 1) out += fmt::format(", attempt {}", *step.attempt_count);
    return out;
}

std::string end_text(const aws::sagemaker::Step& step) {
    std::string out = fmt::format("{} ({})", step.status, what_it_is(step));
    if (!step.failure_reason.empty()) out += ": " + step.failure_reason;
    if (!step.cache_hit_arn.empty()) out += ", its result was taken from " + step.cache_hit_arn;
    return out;
}

struct Emitter {
    StepCursor& cursor;
    std::vector<LogLine> lines;

    void emit(const aws::sagemaker::Step& step, std::string_view what, SystemTime time, std::string text) {
        auto key = fingerprint(fmt::format("{}\n{}\n{}", step.name, step.attempt_count.value_or(1), what));
        if (!cursor.insert(key).second) return;
        lines.push_back({time, step.name, std::move(text)});
    }
};

}  // namespace

std::string encode_cursor(const StepCursor& cursor) {
    std::string out = "s1:";
    for (auto key : cursor) out += fmt::format("{:08x}", key);
    return out;
}

Result<StepCursor> decode_step_cursor(std::string_view text) {
    StepCursor out;
    if (text.empty()) return out;
    constexpr std::string_view prefix = "s1:";
    constexpr std::size_t digits = 8;
    constexpr std::size_t longest = 1024 * 1024;
    auto bad =
        make_error(ErrorKind::invalid_input, "bad_cursor", "this is no cursor of an execution's steps");
    if (!text.starts_with(prefix) || text.size() > longest) return bad;
    text.remove_prefix(prefix.size());
    if (text.size() % digits != 0) return bad;
    for (; !text.empty(); text.remove_prefix(digits)) {
        std::uint32_t key = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + digits, key, 16);
        if (error != std::errc() || end != text.data() + digits) return bad;
        out.insert(key);
    }
    return out;
}

std::vector<LogLine> take_new_lines(std::span<const aws::sagemaker::Step> steps, StepCursor& cursor) {
    Emitter emitter{cursor, {}};
    for (const auto& step : steps) {
        if (step.start_time)
            emitter.emit(step, "started", *step.start_time, fmt::format("started ({})", what_it_is(step)));
        if (step.end_time) emitter.emit(step, step.status, *step.end_time, end_text(step));
    }
    auto earlier = [](const LogLine& a, const LogLine& b) { return a.time < b.time; };
    std::stable_sort(emitter.lines.begin(), emitter.lines.end(), earlier);
    return std::move(emitter.lines);
}

}  // namespace polysync::sagemaker
