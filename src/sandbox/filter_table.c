#include "sandbox/filter_table.h"

#include "base/must.h"
#include "sandbox/filter_rule.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <linux/sockios.h>

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* clang-format off */
const struct filter_group filter_allowed[] = {
    {"files: read, write, map", 0,
     "read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 lseek sendfile "
     "splice tee copy_file_range readahead fadvise64 fallocate ftruncate truncate fsync fdatasync "
     "sync_file_range flock dup dup2 dup3 close close_range pipe pipe2"},
    {"files: names", 0,
     "open openat openat2 creat access faccessat faccessat2 stat lstat fstat newfstatat statx "
     "statfs fstatfs readlink readlinkat getdents getdents64 getcwd chdir fchdir mkdir mkdirat "
     "rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat umask chmod "
     "fchmod fchmodat chown fchown lchown fchownat utime utimes futimesat utimensat"},
    {"files: attributes", 0,
     "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr lsetxattr fsetxattr "
     "removexattr lremovexattr fremovexattr"},
    {"waiting", 0,
     "poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait "
     "epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime "
     "timerfd_gettime"},
    /* pkey_*: V8 protects its code pages with them */
    {"memory", 0,
     "brk munmap mprotect mremap madvise mincore msync mlock mlock2 munlock mlockall munlockall "
     "pkey_alloc pkey_free pkey_mprotect membarrier"},
    {"shared memory, semaphores, queues: inside the slot's ipc namespace", 0,
     "shmat shmdt shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open "
     "mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr"},
    {"processes and threads", 0,
     "fork vfork execve execveat exit exit_group wait4 waitid kill tkill tgkill pidfd_open "
     "pidfd_send_signal set_tid_address set_robust_list get_robust_list rseq futex futex_waitv "
     "arch_prctl gettid getpid getppid getpgid setpgid getpgrp getsid setsid"},
    {"signals", 0,
     "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigqueueinfo "
     "rt_tgsigqueueinfo rt_sigsuspend sigaltstack pause restart_syscall"},
    {"identity: there is nothing to gain, no_new_privs is on", 0,
     "getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid "
     "setresuid setresgid setfsuid setfsgid setgroups capget capset"},
    {"time", 0,
     "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times alarm "
     "getitimer setitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete"},
    {"scheduling and limits of oneself", 0,
     "sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_setparam "
     "sched_getscheduler sched_setscheduler sched_getattr sched_get_priority_max "
     "sched_get_priority_min sched_rr_get_interval getpriority setpriority ioprio_get ioprio_set "
     "getrlimit setrlimit prlimit64 getrusage getcpu"},
    {"sockets, once made", 0,
     "connect accept accept4 bind listen sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg "
     "shutdown getsockname getpeername setsockopt getsockopt"},
    {"information", 0, "uname sysinfo getrandom"},
};

const struct filter_group filter_refused[] = {
    {"namespaces and mounts", EPERM,
     "setns pivot_root chroot fspick quotactl quotactl_fd swapon swapoff"},
    {"other processes' memory, descriptors and pages", EPERM,
     "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp migrate_pages "
     "move_pages"},
    {"kernel code with a record of escapes", EPERM,
     "bpf perf_event_open userfaultfd add_key request_key memfd_secret modify_ldt vmsplice "
     "remap_file_pages"},
    {"placing memory on nodes", EPERM, "mbind set_mempolicy get_mempolicy set_mempolicy_home_node"},
    {"the machine", EPERM,
     "reboot kexec_load kexec_file_load init_module finit_module delete_module iopl ioperm acct "
     "syslog sethostname setdomainname vhangup"},
    {"the clock", EPERM, "settimeofday clock_settime adjtimex clock_adjtime"},
    {"files around the permission check of paths", EPERM, "name_to_handle_at open_by_handle_at"},
    {"all file systems of the host at once", EPERM,
     "sync syncfs fanotify_init fanotify_mark lookup_dcookie"},
};

const struct filter_group filter_setup[] = {
    {"namespaces and mounts", EPERM,
     "unshare mount umount2 open_tree move_mount fsopen fsconfig fsmount mount_setattr"},
    {"a session keyring", EPERM, "keyctl"},
    {"the clone of a copy, the seal itself", ENOSYS, "clone3 seccomp"},
};
/* clang-format on */

#define REFUSE(call, no, ...) {call, no, {__VA_ARGS__}},

#define SPACES                                                                                     \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)
#define REFUSE_CLONE(flag) REFUSE("clone", EPERM, BITS(0, flag, flag))
#define IOCTL(cmd)         ALLOW("ioctl", LOW(1, cmd))
#define PRCTL(option)      ALLOW("prctl", LOW(0, option))
#define NO_FAMILY(n)       REFUSE("socket", EAFNOSUPPORT, LOW(0, n))
#define TYPE               0xfu /* below SOCK_CLOEXEC and SOCK_NONBLOCK */
#define UNIX(type)         ALLOW("socket", LOW(0, AF_UNIX), BITS(1, TYPE, type))
#define INET(family, type, proto)                                                                  \
    ALLOW("socket", LOW(0, family), BITS(1, TYPE, type), LOW(2, proto))
#define NODE(call, mode, type) ALLOW(call, BITS(mode, S_IFMT, type))

/* clang-format off */
const struct filter_rule filter_rules[] = {
    ALLOW("clone", BITS(0, SPACES, 0))
    REFUSE_CLONE(CLONE_NEWNS) REFUSE_CLONE(CLONE_NEWCGROUP) REFUSE_CLONE(CLONE_NEWUTS)
    REFUSE_CLONE(CLONE_NEWIPC) REFUSE_CLONE(CLONE_NEWUSER) REFUSE_CLONE(CLONE_NEWPID)
    REFUSE_CLONE(CLONE_NEWNET)

    /* Families and protocols beyond these load kernel modules on demand (sctp, dccp, can, tipc, ...);
     * netlink, packet, vsock and alg talk to the kernel or the hypervisor. Raw sockets forge packets. */
    UNIX(SOCK_STREAM) UNIX(SOCK_DGRAM) UNIX(SOCK_SEQPACKET)
    INET(AF_INET, SOCK_STREAM, 0) INET(AF_INET, SOCK_STREAM, 6 /* tcp */)
    INET(AF_INET, SOCK_DGRAM, 0) INET(AF_INET, SOCK_DGRAM, 17 /* udp */)
    INET(AF_INET6, SOCK_STREAM, 0) INET(AF_INET6, SOCK_STREAM, 6)
    INET(AF_INET6, SOCK_DGRAM, 0) INET(AF_INET6, SOCK_DGRAM, 17)
    REFUSE("socket", EPERM, LOW(0, AF_INET), BITS(1, TYPE, SOCK_RAW))
    REFUSE("socket", EPERM, LOW(0, AF_INET6), BITS(1, TYPE, SOCK_RAW))
    /* what getifaddrs and friends ask for first: the answer of a kernel without it */
    NO_FAMILY(AF_NETLINK) NO_FAMILY(AF_PACKET) NO_FAMILY(AF_ALG) NO_FAMILY(AF_VSOCK)
    ALLOW("socketpair", LOW(0, AF_UNIX))

    /* Huge pages come from a pool that no memory limit counts. */
    ALLOW("mmap", BITS(3, MAP_HUGETLB, 0))
    ALLOW("memfd_create", BITS(1, MFD_HUGETLB, 0))
    ALLOW("shmget", BITS(2, SHM_HUGETLB, 0))

    NODE("mknod", 1, S_IFIFO) NODE("mknod", 1, S_IFSOCK) NODE("mknod", 1, S_IFREG) NODE("mknod", 1, 0)
    NODE("mknodat", 2, S_IFIFO) NODE("mknodat", 2, S_IFSOCK) NODE("mknodat", 2, S_IFREG)
    NODE("mknodat", 2, 0)
    REFUSE("mknod", EPERM, BITS(1, S_IFMT, S_IFCHR)) REFUSE("mknod", EPERM, BITS(1, S_IFMT, S_IFBLK))
    REFUSE("mknodat", EPERM, BITS(2, S_IFMT, S_IFCHR)) REFUSE("mknodat", EPERM, BITS(2, S_IFMT, S_IFBLK))

    ALLOW("personality", LOW(0, 0xffffffff)) /* which one is it? */
    ALLOW("personality", LOW(0, 0))          /* the default */

    /* All commands but dnotify, leases and unknown ones. Like inotify, which is not listed (ENOSYS),
     * dnotify would tell what others do: files of /usr and of the runners are the same inodes for the
     * host and for every slot, and watching them needs no more than reading. */
    ALLOW("fcntl", BITS(1, 0xfffffff0, 0))    /* F_DUPFD to F_SETOWN_EX */
    ALLOW("fcntl", LOW(1, F_GETOWN_EX))
    ALLOW("fcntl", BITS(1, 0xfffffffc, F_OFD_GETLK)) /* and F_OFD_SETLK, F_OFD_SETLKW */
    ALLOW("fcntl", BITS(1, 0xfffffffe, F_DUPFD_CLOEXEC)) /* and F_SETPIPE_SZ */
    ALLOW("fcntl", BITS(1, 0xfffffffc, F_GETPIPE_SZ)) /* and seals */

    /* descriptors */
    IOCTL(FIOCLEX) IOCTL(FIONCLEX) IOCTL(FIONBIO) IOCTL(FIOASYNC) IOCTL(FIONREAD) IOCTL(FIOQSIZE)
    /* terminals. Not TIOCSTI and TIOCLINUX (type into somebody's terminal), not TIOCSETD (loads line
     * disciplines) */
    IOCTL(TCGETS) IOCTL(TCSETS) IOCTL(TCSETSW) IOCTL(TCSETSF) IOCTL(TCGETA) IOCTL(TCSETA) IOCTL(TCSETAW)
    IOCTL(TCSETAF) IOCTL(TCGETS2) IOCTL(TCSETS2) IOCTL(TCSETSW2) IOCTL(TCSETSF2) IOCTL(TCSBRK)
    IOCTL(TCXONC) IOCTL(TCFLSH) IOCTL(TCSBRKP) IOCTL(TIOCEXCL) IOCTL(TIOCNXCL) IOCTL(TIOCSCTTY)
    IOCTL(TIOCNOTTY) IOCTL(TIOCGPGRP) IOCTL(TIOCSPGRP) IOCTL(TIOCGSID) IOCTL(TIOCOUTQ) IOCTL(TIOCGWINSZ)
    IOCTL(TIOCSWINSZ) IOCTL(TIOCPKT) IOCTL(TIOCGPKT) IOCTL(TIOCGPTN) IOCTL(TIOCSPTLCK)
    IOCTL(TIOCGPTLCK) IOCTL(TIOCGPTPEER) IOCTL(TIOCGETD)
    REFUSE("ioctl", EPERM, LOW(1, TIOCSTI)) REFUSE("ioctl", EPERM, LOW(1, TIOCLINUX))
    REFUSE("ioctl", EPERM, LOW(1, TIOCSETD)) REFUSE("ioctl", EPERM, LOW(1, TIOCCONS))
    /* network interfaces: reading */
    IOCTL(SIOCGIFNAME) IOCTL(SIOCGIFINDEX) IOCTL(SIOCGIFCONF) IOCTL(SIOCGIFFLAGS) IOCTL(SIOCGIFADDR)
    IOCTL(SIOCGIFNETMASK) IOCTL(SIOCGIFBRDADDR) IOCTL(SIOCGIFHWADDR) IOCTL(SIOCGIFMTU) IOCTL(SIOCOUTQ)
    IOCTL(SIOCATMARK)
    /* what cp, lsattr and tar try on files */
    IOCTL(FICLONE) IOCTL(FICLONERANGE) IOCTL(FIGETBSZ) IOCTL(FS_IOC_GETFLAGS) IOCTL(FS_IOC_FIEMAP)
    IOCTL(FS_IOC_GETVERSION)

    PRCTL(PR_SET_NAME) PRCTL(PR_GET_NAME) PRCTL(PR_SET_VMA) /* names of memory areas: V8, glibc 2.38 */
    PRCTL(PR_SET_PDEATHSIG) PRCTL(PR_GET_PDEATHSIG) PRCTL(PR_SET_CHILD_SUBREAPER)
    PRCTL(PR_GET_CHILD_SUBREAPER) PRCTL(PR_SET_DUMPABLE) PRCTL(PR_GET_DUMPABLE)
    PRCTL(PR_SET_NO_NEW_PRIVS) PRCTL(PR_GET_NO_NEW_PRIVS) PRCTL(PR_GET_SECCOMP)
    PRCTL(PR_GET_KEEPCAPS) PRCTL(PR_GET_SECUREBITS) PRCTL(PR_CAPBSET_READ) PRCTL(PR_CAP_AMBIENT)
    PRCTL(PR_SET_TIMERSLACK) PRCTL(PR_GET_TIMERSLACK) PRCTL(PR_SET_THP_DISABLE)
    PRCTL(PR_GET_THP_DISABLE) PRCTL(PR_GET_SPECULATION_CTRL) PRCTL(PR_GET_TID_ADDRESS)
};

const struct filter_rule filter_setup_rules[] = {
    REFUSE("ioctl", EPERM, LOW(1, SIOCSIFFLAGS)) /* the loopback interface */
};
/* clang-format on */

const size_t filter_setup_count = ARRAY_LEN(filter_setup);
const size_t filter_setup_rule_count = ARRAY_LEN(filter_setup_rules);
const size_t filter_allowed_count = ARRAY_LEN(filter_allowed);
const size_t filter_refused_count = ARRAY_LEN(filter_refused);
const size_t filter_rule_count = ARRAY_LEN(filter_rules);
