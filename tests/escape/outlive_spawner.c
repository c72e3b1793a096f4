/* Lives on after the spawner: unsets the signal at its parent's death, leaves session and process
 * group, ignores what can be ignored, keeps children. The harness then kills the spawner with
 * SIGKILL and waits for the end of the output pipe, which every process of the slot holds. Must be
 * refused by the pid namespace, whose first process the spawner is. */
#include "attack.h"

#include <signal.h>
#include <sys/prctl.h>

int main(void)
{
    for (int sig = 1; sig < 32; sig++)
        signal(sig, SIG_IGN);
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    if (getpid() == 1 && write(SOCKET, "ready\n", 6) != 6)
        inconclusive("write: %s", strerror(errno));
    for (;;)
        pause();
}
