/* Takes more memory than the slot may have: 300 MB where 128 are allowed, in anonymous pages.
 * Must be refused by the memory cgroup: the slot is ended (SIGKILL) and reported as out of memory.
 */
#include "attack.h"

#include <sys/mman.h>

int main(void)
{
    size_t size = 300u << 20;
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        refused("mmap: %s", strerror(errno));
    for (size_t i = 0; i < size; i += 4096)
        p[i] = 1;
    succeeded("has 300 MB");
}
