/* Takes over another process: attaches to it and reads it.
 * Must be refused by the syscall filter. */
#include "attack.h"

#include <signal.h>
#include <sys/ptrace.h>

int main(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    long rc = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
    int sys = errno;
    kill(pid, SIGKILL);
    errno = sys;
    must_fail_with("PTRACE_SEIZE", rc, EPERM, 0);
    refused("ptrace answers EPERM");
}
