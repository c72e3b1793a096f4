/* Sees where it is in the host's cgroups, and leaves its own: the limits are only as good as that.
 * Must be refused by the cgroup namespace and by the absence of the cgroup file systems. */
#include "attack.h"

int main(void)
{
    char line[512];
    FILE *f = fopen("/proc/self/cgroup", "r");
    if (!f)
        inconclusive("/proc/self/cgroup: %s", strerror(errno));
    while (fgets(line, sizeof line, f))
        if (strstr(line, "virga"))
            succeeded("the host's path is visible: %s", line);
    MUST_FAIL(open("/sys/fs/cgroup/memory/tasks", O_WRONLY), ENOENT);
    MUST_FAIL(open("/sys/fs/cgroup/cgroup.procs", O_WRONLY), ENOENT);
    refused("no path, no file system");
}
