/* Reads and writes another process's memory.
 * Must be refused by the syscall filter. */
#include "attack.h"

#include <signal.h>
#include <sys/uio.h>

int main(void)
{
    static char there[8] = "secret", here[8];
    struct iovec to = {here, sizeof here}, from = {there, sizeof there};
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    long rc = process_vm_readv(pid, &to, 1, &from, 1, 0);
    int sys = errno;
    kill(pid, SIGKILL);
    errno = sys;
    must_fail_with("process_vm_readv", rc, EPERM, 0);
    MUST_FAIL(process_vm_writev(getpid(), &from, 1, &to, 1, 0), EPERM);
    refused("process_vm_* answer EPERM");
}
