/* Takes memory through files: fills /tmp, /dev/shm, /code and memfds, whose pages are no process's.
 * Must be refused by the sizes of the file systems and by the memory cgroup, which counts them. */
#include "attack.h"

#include <sys/mman.h>

static size_t fill(int fd)
{
    static char block[1 << 16];
    size_t total = 0;
    ssize_t n;
    while (total < 300u << 20 && (n = write(fd, block, sizeof block)) > 0)
        total += (size_t)n;
    return total;
}

int main(void)
{
    size_t total = 0;
    for (int i = 0; i < 8; i++)
        total += fill(memfd_create("x", 0));
    for (int i = 0; i < 64; i++) {
        static const char *const dirs[] = {"/tmp", "/dev/shm", "/code"};
        char path[32];
        snprintf(path, sizeof path, "%s/f%d", dirs[i % 3], i);
        total += fill(open(path, O_CREAT | O_WRONLY, 0600));
    }
    if (total > 200u << 20)
        succeeded("holds %zu MB in files", total >> 20);
    refused("%zu MB in files was all", total >> 20);
}
