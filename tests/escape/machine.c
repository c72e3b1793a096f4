/* Acts on the machine: reboots, loads modules, sets clock and names, ports, swap, quota,
 * accounting. Must be refused by the syscall filter, and by the lack of capabilities. */
#include "attack.h"

#include <sys/io.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

int main(void)
{
    struct timeval tv = {1, 0};
    struct timespec ts = {1, 0};
    struct timex t = {.modes = ADJ_OFFSET};
    MUST_FAIL(reboot(RB_DISABLE_CAD), EPERM);
    MUST_FAIL(syscall(SYS_init_module, NULL, 0, ""), EPERM);
    MUST_FAIL(syscall(SYS_delete_module, "virga", 0), EPERM);
    MUST_FAIL(syscall(SYS_kexec_load, 0, 0, NULL, 0), EPERM);
    MUST_FAIL(settimeofday(&tv, NULL), EPERM);
    MUST_FAIL(clock_settime(CLOCK_REALTIME, &ts), EPERM);
    MUST_FAIL(adjtimex(&t), EPERM);
    MUST_FAIL(sethostname("pwned", 5), EPERM);
    MUST_FAIL(swapon("/tmp/x", 0), EPERM);
    MUST_FAIL(acct("/tmp/x"), EPERM);
    MUST_FAIL(syscall(SYS_syslog, 3, NULL, 0), EPERM);
    MUST_FAIL(syscall(SYS_quotactl, 0, NULL, 0, NULL), EPERM);
#ifdef __x86_64__
    MUST_FAIL(iopl(3), EPERM);
    MUST_FAIL(ioperm(0x80, 1, 1), EPERM);
#endif
    refused("the machine's calls answer EPERM");
}
