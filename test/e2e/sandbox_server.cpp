// A sandbox in a process of its own, for end-to-end tests and benchmarks: sandbox_server [port [time_scale]].
// The first line of its output is the endpoint's start text (sandbox/command.h).
#include <cstdlib>

#include "sandbox/command.h"

int main(int argc, char** argv) {
    polysync::sandbox::SandboxOptions options;
    if (argc > 1) options.port = std::uint16_t(std::atoi(argv[1]));
    if (argc > 2) options.settings.time_scale = std::atof(argv[2]);
    return polysync::sandbox::run_sandbox_command(options);
}
