/* What the process of a slot's network may still ask of the kernel: sockets of the two kinds that
 * it connects, its memory, the time, and one small file. It binds, listens and accepts nothing,
 * starts no program, and changes no right of any page. */
#include "sandbox/uplink_program.h"

#include "base/must.h"
#include "sandbox/filter.h"
#include "sandbox/filter_rule.h"
#include "sandbox/filter_table.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define INET(type, proto) ALLOW("socket", LOW(0, AF_INET), BITS(1, 0xf, type), LOW(2, proto))

/* clang-format off */
static const struct filter_group groups[] = {
    {"sockets and the interface", 0,
     "read write readv writev close poll ppoll connect shutdown getsockname getpeername getsockopt "
     "setsockopt sendto recvfrom sendmsg recvmsg"},
    {"/etc/resolv.conf", 0, "newfstatat fstat lseek"},
    {"memory", 0, "brk munmap mremap madvise futex"},
    {"time", 0, "clock_gettime gettimeofday"},
    {"oneself", 0,
     "getpid gettid getrandom sched_yield sigaltstack rt_sigaction rt_sigprocmask rt_sigreturn "
     "restart_syscall exit exit_group"},
};

static const struct filter_rule rules[] = {
    INET(SOCK_STREAM, 0) INET(SOCK_DGRAM, 0)
    ALLOW("openat", BITS(2, O_ACCMODE | O_CREAT | O_TRUNC | O_DIRECTORY, 0))
    ALLOW("mmap", BITS(2, PROT_EXEC, 0)) ALLOW("mprotect", BITS(2, PROT_EXEC, 0))
    ALLOW("ioctl", LOW(1, FIONBIO)) ALLOW("ioctl", LOW(1, FIONREAD))
    ALLOW("fcntl", LOW(1, F_GETFD)) ALLOW("fcntl", LOW(1, F_SETFD))
    ALLOW("fcntl", LOW(1, F_GETFL)) ALLOW("fcntl", LOW(1, F_SETFL))
};
/* clang-format on */

int uplink_filter(struct sock_fprog *ret, struct err *e)
{
    static const struct filter_list list = {groups, ARRAY_LEN(groups), rules, ARRAY_LEN(rules)};
    return filter_build_deadly(&list, ret, e);
}
