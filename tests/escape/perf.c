/* Opens a performance counter, a door to kernel addresses and to a long list of kernel bugs.
 * Must be refused by the syscall filter. */
#include "attack.h"

#include <linux/perf_event.h>

int main(void)
{
    struct perf_event_attr a = {.type = PERF_TYPE_SOFTWARE,
                                .size = sizeof a,
                                .config = PERF_COUNT_SW_TASK_CLOCK,
                                .exclude_kernel = 1,
                                .exclude_hv = 1};
    MUST_FAIL(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0), EPERM);
    refused("perf_event_open answers EPERM");
}
