// A Job: a template of what can be executed on a Platform.
#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "model/parameter.h"

namespace polysync {

struct Job {
    std::string external_id;  // GLUE-1, BATCH-1, SM-1, SFN-1
    std::string name;         // for people; AWS's name of it
    std::string description;
    std::vector<Parameter> parameters;
    boost::json::object attributes;  // settable ones, by attribute_schema.h
    boost::json::object details;     // what AWS's definition says, read-only (role ARN, version, worker type,
                                     // revision…)
};

}  // namespace polysync
