// Batch job definitions as Jobs of ours (BATCH-1). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aws/batch/client.h"
#include "model/job.h"

namespace polysync::batch {

// External id is `external_id` where one is given (a pinned revision or ARN), else the bare name, which rolls
// forward. Input parameters: the definition's `parameters` with their defaults, and every Ref::name of a
// command that has none, which is required.
[[nodiscard]] Job to_job(const aws::batch::JobDefinition& definition, std::string_view external_id = {});

// The names in "Ref::name" placeholders of one command argument, wherever they stand in it.
[[nodiscard]] std::vector<std::string> placeholders(std::string_view argument);

// The highest revision of each name, by name.
class HighestRevisions {
  public:
    void add(aws::batch::JobDefinition definition);
    [[nodiscard]] const std::map<std::string, aws::batch::JobDefinition>& by_name() const { return by_name_; }

  private:
    std::map<std::string, aws::batch::JobDefinition> by_name_;
};

// What an external id names: "name", "name:revision", or an ARN with or without revision.
struct DefinitionReference {
    std::string name;  // empty for an ARN that is none of Batch's
    bool is_pinned = false;
};
[[nodiscard]] DefinitionReference parse_definition_reference(std::string_view external_id);

}  // namespace polysync::batch
