// JSON text: unescaping what came, escaping what goes out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace polysync::aws {

// Replaces `out` by the meaning of a JSON string's inside. Half of a surrogate pair becomes U+FFFD, as log
// texts that were cut hold them; an unknown escape stays as it is.
void unescape_json(std::string_view inside, std::string& out);

// Appends `text` as a JSON string, quotes included. UTF-8 goes through as it is.
void append_json_string(std::string_view text, std::string& out);

// Builds one JSON object member by member; members that are not set are left out (aws-facts 1.2).
//
//     JsonObject body;
//     body.add("JobName", name).add_if("NextToken", token);
//     send(std::move(body).text());
class JsonObject {
  public:
    JsonObject() : text_("{") {}
    JsonObject& add(std::string_view name, std::string_view value);
    JsonObject& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
    JsonObject& add(std::string_view name, const std::string& value) {
        return add(name, std::string_view(value));
    }
    JsonObject& add(std::string_view name, long long value);
    JsonObject& add(std::string_view name, int value) { return add(name, static_cast<long long>(value)); }
    JsonObject& add(std::string_view name, bool value);
    JsonObject& add(std::string_view name, const std::vector<std::string>& values);
    // Where it is not empty, or not 0.
    JsonObject& add_if(std::string_view name, std::string_view value);
    JsonObject& add_if(std::string_view name, int value);
    // Epoch seconds with milliseconds, as JSON 1.x requests have them.
    JsonObject& add_seconds(std::string_view name, long long epoch_ms);
    // `json` is JSON text already.
    JsonObject& add_raw(std::string_view name, std::string_view json);

    [[nodiscard]] std::string text() &&;

  private:
    void begin(std::string_view name);
    std::string text_;
};

}  // namespace polysync::aws
