/* runner_fds — the descriptors that a slot's program starts with. Nothing else is open in it. */
#pragma once

enum { RUNNER_STDIN = 0 /* /dev/null */, RUNNER_STDOUT = 1, RUNNER_STDERR = 2, RUNNER_SOCKET = 3 };
