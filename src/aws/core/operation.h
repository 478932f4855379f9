// What one AWS operation is on the wire: constant descriptors, one per operation that this project calls.
#pragma once

#include <chrono>
#include <string_view>

namespace polysync::aws {

enum class Protocol { json_1_0, json_1_1, rest_json, query };

// May the same bytes be sent again when the fate of the first ones is not known? (aws-facts 1.6, SAFE-1)
enum class RepeatSafety {
    read,        // no effect at all
    idempotent,  // a second call cannot do it twice: client token, execution name, stop requests
    start,       // it could start a second run: never repeated after an unclear outcome
};

// Who goes first when a rate limit holds calls back.
enum class Priority { urgent, normal, background };

// A service, once per process (operations.h of each service folder).
struct ServiceInfo {
    std::string_view name;         // "glue": in errors, limiter keys, logs
    std::string_view endpoint_id;  // "GLUE": as in AWS_ENDPOINT_URL_<ID>; its lower case in the shared config
                                   // file
    std::string_view signing_name;  // SigV4
    std::string_view host_prefix;   // "glue", "api.sagemaker": what stands before the region in the host name
    Protocol protocol = Protocol::json_1_1;
    std::string_view target_prefix;  // "AWSGlue." for JSON 1.x
    std::string_view api_version;    // "2011-06-15" for Query
};

struct Operation {
    const ServiceInfo* service = nullptr;
    std::string_view name;    // "StartJobRun"
    std::string_view target;  // X-Amz-Target, "AWSGlue.StartJobRun"; empty where the protocol has none
    std::string_view path = "/";
    RepeatSafety repeat = RepeatSafety::read;
    Priority priority = Priority::normal;
    bool is_signed = true;
    std::string_view endpoint_prefix = {};     // "sync-" before the host's first label (StartSyncExecution)
    std::chrono::milliseconds timeout{60000};  // of the whole exchange
};

}  // namespace polysync::aws
