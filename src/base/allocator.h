// The C library's allocator, set for a process that runs for months.
#pragma once

namespace polysync {

// AWS's answers are larger than what glibc gives back to the kernel at once by default, so each of them would
// be mapped and faulted in anew: a third of a small call's CPU, measured by bench/aws_client. Few arenas keep
// memory small with several threads. To be called first in main(); MALLOC_… variables of the user win.
void tune_allocator();

}  // namespace polysync
