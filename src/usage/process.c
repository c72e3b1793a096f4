#include "usage/process.h"

#include "base/fd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROC_MAX = 64 * 1024 };

uint64_t process_resident(pid_t pid)
{
    auto_buf struct buf text = {0};
    struct err ignored;
    char path[64];
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    if (fd_read_file(path, PROC_MAX, &text, &ignored) < 0 ||
        sscanf(text.data, "%*u %lu", &pages) != 1)
        return 0;
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A line of /proc/meminfo: "MemTotal:       24683208 kB". */
static uint64_t line_bytes(const char *text, const char *name)
{
    unsigned long long kb = 0;
    const char *at = strstr(text, name);
    return at && sscanf(at + strlen(name), "%llu", &kb) == 1 ? kb * 1024 : 0;
}

void process_memory(uint64_t *ret_total, uint64_t *ret_available)
{
    auto_buf struct buf text = {0};
    struct err ignored;
    *ret_total = *ret_available = 0;
    if (fd_read_file("/proc/meminfo", PROC_MAX, &text, &ignored) < 0 || !text.data)
        return;
    *ret_total = line_bytes(text.data, "MemTotal:");
    *ret_available = line_bytes(text.data, "MemAvailable:");
}
