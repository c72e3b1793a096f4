/* Opens files without end, and raises the limits that stop it.
 * Must be refused by the step 'resource limits'. */
#include "attack.h"

#include <sys/resource.h>

int main(void)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY}, many = {100000, 100000};
    (void)setrlimit(RLIMIT_NOFILE, &many);
    MUST_FAIL(setrlimit(RLIMIT_FSIZE, &all), EPERM);
    MUST_FAIL(setrlimit(RLIMIT_NPROC, &all), EPERM);
    MUST_FAIL(setrlimit(RLIMIT_MEMLOCK, &all), EPERM);
    for (int n = 0; n < 20000; n++)
        if (dup(0) < 0 && errno == EMFILE)
            refused("%d descriptors was all", n);
    succeeded("20000 descriptors");
}
