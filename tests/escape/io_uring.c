/* Calls the kernel through io_uring: a filter does not see these calls.
 * Must be refused by the syscall filter, as a kernel without io_uring would answer. */
#include "attack.h"

#include <linux/io_uring.h>

int main(void)
{
    struct io_uring_params p = {0};
    MUST_FAIL(syscall(SYS_io_uring_setup, 4, &p), ENOSYS);
    MUST_FAIL(syscall(SYS_io_uring_register, -1, 0, NULL, 0), ENOSYS);
    refused("io_uring answers ENOSYS");
}
