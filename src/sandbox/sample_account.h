// The sample account: what a newcomer finds in the sandbox (docs/sandbox-sample-account.md). The same in
// every region.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sandbox/services/place.h"

namespace polysync::sandbox {

// One resource: the admin call that makes it, and what it is there to show.
struct SampleResource {
    std::string_view service;   // "glue"
    std::string_view kind;      // "job"
    std::string_view name;      // as AWS lists it
    std::string_view shows;     // for the documentation
    std::string_view document;  // of the admin call, JSON without the name
};

[[nodiscard]] std::span<const SampleResource> sample_glue();
[[nodiscard]] std::span<const SampleResource> sample_batch();
[[nodiscard]] std::span<const SampleResource> sample_sagemaker();
[[nodiscard]] std::span<const SampleResource> sample_step_functions();

// Fills a service's places of the account `sample_account`; other accounts stay empty.
[[nodiscard]] PlaceSetup sample_setup();

// The tables of docs/sandbox-sample-account.md.
[[nodiscard]] std::string sample_tables();

}  // namespace polysync::sandbox
