// The attributes that a job and a platform's defaults may carry, by platform type (GLUE-4, BATCH-2, BATCH-3,
// SM-2, SFN-3, SFN-9). One table serves definition files, `--attr`, help texts and documentation.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "model/platform.h"

namespace polysync {

enum class AttributeKind {
    text,
    integer,
    number,  // an integer or a decimal fraction, above zero
    boolean,
    choice,          // one of `choices`
    text_list,       // ["a", "b"]; on the command line a,b or JSON
    text_map,        // {"k": "v"}; on the command line k=v,k2=v2 or JSON
    dependency_list  // Batch depends_on: [{"jobId": …, "type": …}]
};

struct AttributeSpec {
    std::string name;
    AttributeKind kind = AttributeKind::text;
    bool in_job = true;                          // allowed as a job attribute
    bool in_defaults = false;                    // allowed as a platform default
    long long min = 0, max = 0;                  // integers: the range; max 0: none
    std::size_t min_length = 0, max_length = 0;  // texts: characters; lists and maps: entries; 0: no limit
    std::vector<std::string> choices;  // choice; for text a hint only (worker types: AWS adds new ones)
    std::string pattern;               // text: what it must match as a whole (ECMAScript), empty: anything
    std::string description;           // one sentence
};

[[nodiscard]] std::span<const AttributeSpec> attribute_schema(PlatformType type);

enum class AttributePlace { job, platform_defaults };

// Checks and normalizes one attribute: unknown names (the nearest known one is named), wrong kinds, ranges,
// lengths. Text of the command line is accepted for every kind ("10" for an integer). Errors: invalid_input.
[[nodiscard]] Result<boost::json::value> check_attribute(PlatformType type, AttributePlace place,
                                                         std::string_view name,
                                                         const boost::json::value& value);

}  // namespace polysync
