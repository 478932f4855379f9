// Reads the members of a JSON body, or the parameters of a query, one by one: every wrong or unknown one
// becomes a problem with its name, none is let through half-way (SAFE-5).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "api/problem.h"
#include "base/clock.h"
#include "base/result.h"

namespace polysync::api {

class Fields {
  public:
    enum class Source { body, query };  // a query's values are all text

    // All outlive it. `prefix` goes before the names in problems: "filter.".
    Fields(const boost::json::object& members, std::vector<FieldProblem>& problems,
           Source source = Source::body, std::string prefix = {})
        : members_(members), problems_(problems), source_(source), prefix_(std::move(prefix)) {}

    // Nothing where the member is absent, null or wrong; the latter is a problem.
    [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t max_size = 4096);
    [[nodiscard]] std::string required_text(std::string_view name, std::size_t max_size = 4096);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t low,
                                                      std::int64_t high);
    [[nodiscard]] bool boolean(std::string_view name, bool otherwise);
    [[nodiscard]] std::optional<SystemTime> time(std::string_view name);  // ISO 8601 with a zone
    [[nodiscard]] std::optional<std::string> choice(std::string_view name,
                                                    std::initializer_list<std::string_view> words);
    // A query's list is repeated, or separated by commas; a body's is an array, or one text.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name, std::size_t max_count = 1000);
    // Text by name; numbers, booleans and structures keep their JSON text (values of parameters).
    [[nodiscard]] std::map<std::string, std::string> text_map(std::string_view name);
    [[nodiscard]] const boost::json::object* object(std::string_view name);
    [[nodiscard]] const boost::json::array* array(std::string_view name, std::size_t max_count);

    void complain(std::string_view name, std::string code, std::string detail, std::string remedy = {});
    void missing(std::string_view name);
    void know(std::string_view name) { asked_.emplace_back(name); }  // for finish()
    // Members that nobody has asked for are problems, with the nearest name that was.
    void finish();

  private:
    const boost::json::value* find(std::string_view name);

    const boost::json::object& members_;
    std::vector<FieldProblem>& problems_;
    Source source_;
    std::string prefix_;
    std::vector<std::string> asked_;
};

// The parameters of a query: each a text, or an array of texts where it is repeated. Errors: invalid_input
// (malformed percent-encoding, control characters).
[[nodiscard]] Result<boost::json::object> parse_query(std::string_view query);

// Percent-decoded; nothing where it is malformed or holds control characters or no UTF-8.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace polysync::api
