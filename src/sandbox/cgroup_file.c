/* Reading and writing the files of a cgroup directory, and killing who is listed in one. */
#include "base/fd.h"
#include "sandbox/cgroup_tree.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { KILL_BATCH = 64, KILL_ROUNDS = 200, KILL_PAUSE_NS = 1000000 };

int cgroup_put(int dir, const char *file, const char *text, struct err *e)
{
    auto_fd int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "open limit '%s'", file);
    size_t len = strlen(text);
    if (write(fd, text, len) != (ssize_t)len)
        return err_sys(e, "limit '%s' = %s", file, text);
    return 0;
}

int cgroup_put_u64(int dir, const char *file, uint64_t value, struct err *e)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return cgroup_put(dir, file, text, e);
}

static bool read_once(int fd, char *text, size_t cap)
{
    ssize_t n = fd < 0 ? -1 : pread(fd, text, cap - 1, 0);
    text[n < 0 ? 0 : n] = 0;
    return n >= 0;
}

bool cgroup_get(int dir, const char *file, char *text, size_t cap)
{
    auto_fd int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
    return read_once(fd, text, cap);
}

static uint64_t leading_number(const char *text)
{
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

uint64_t cgroup_field(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, n) == 0 && line[n] == ' ')
            return leading_number(line + n + 1);
    }
    return 0;
}

uint64_t cgroup_read_peak(int memory_peak_fd)
{
    char text[32];
    return read_once(memory_peak_fd, text, sizeof text) ? leading_number(text) : 0;
}

uint64_t cgroup_read_cpu_us(int cpu_usage_fd)
{
    char text[256];
    if (!read_once(cpu_usage_fd, text, sizeof text))
        return 0;
    return text[0] == 'u' ? cgroup_field(text, "usage_usec") : leading_number(text) / 1000;
}

/* --- ending what is inside --- */

static size_t listed(int dir, pid_t *pids, size_t max)
{
    char text[KILL_BATCH * 12 + 1];
    size_t n = 0;
    if (!cgroup_get(dir, "cgroup.procs", text, sizeof text))
        return 0;
    for (const char *at = text; *at && n < max; at++) {
        const char *end = strchr(at, '\n');
        if (!end)
            break; /* a number cut by the buffer's end */
        pids[n++] = (pid_t)leading_number(at);
        at = end;
    }
    return n;
}

static bool contains(const pid_t *pids, size_t n, pid_t pid)
{
    for (size_t i = 0; i < n; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

/* A pid may end and name somebody else between reading and killing. So the process is held by a
 * pidfd first, and killed only if the list still has it after that. */
void cgroup_kill_listed(int dir)
{
    for (int round = 0; round < KILL_ROUNDS; round++) {
        pid_t pids[KILL_BATCH], still[KILL_BATCH];
        int held[KILL_BATCH];
        size_t n = listed(dir, pids, KILL_BATCH);
        if (n == 0)
            return;
        for (size_t i = 0; i < n; i++)
            held[i] = pids[i] > 0 ? (int)syscall(SYS_pidfd_open, pids[i], 0) : -1;
        size_t m = listed(dir, still, KILL_BATCH);
        for (size_t i = 0; i < n; i++) {
            if (held[i] >= 0 && contains(still, m, pids[i]))
                (void)syscall(SYS_pidfd_send_signal, held[i], SIGKILL, NULL, 0);
            fd_close(&held[i]);
        }
        nanosleep(&(struct timespec){.tv_nsec = KILL_PAUSE_NS}, NULL);
    }
}

void cgroup_kill_all(const struct cgroup *c, int dir)
{
    struct err ignored;
    if (c->version == 2 && cgroup_put(dir, "cgroup.kill", "1", &ignored) == 0)
        return;
    cgroup_kill_listed(dir); /* v1, or v2 before 5.14 */
}
